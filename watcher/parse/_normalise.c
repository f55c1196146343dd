/* normalise.py in C: what a reader found in an entry becomes the same Entry, several times faster. That file is the
 * definition; what is not plain here is asked of it (tests/parse/test_compiled_values.py). It is optional.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <datetime.h>

#ifndef SOURCE_SHA256
#define SOURCE_SHA256 ""
#endif

enum { LONGEST_LINE = 2000, LONGEST_DATE = 100, LONGEST_LANGUAGE = 35, MANY_CATEGORIES = 100 };

#include "_normalise_dates.h"

/* Where the fields of a RawEntry stand. */
enum {
    RAW_ID,
    RAW_LINK,
    RAW_TITLE,
    RAW_SUMMARY,
    RAW_CONTENTS,
    RAW_AUTHOR,
    RAW_PUBLISHED,
    RAW_UPDATED,
    RAW_CATEGORIES,
    RAW_LANGUAGE,
    RAW_SOURCE_TITLE,
    RAW_SOURCE_LINK,
    RAW_FIELDS
};

/* Fields of an Entry, in this order. */
static const char *const FIELDS[] = {"id",        "link",    "title",      "summary",  "content",  "author",
                                     "published", "updated", "categories", "language", "publisher"};
enum { FIELD_COUNT = sizeof FIELDS / sizeof *FIELDS };
static PyObject *field_names[FIELD_COUNT]; /* interned, kept for the life of the process */

/* What is asked where something is not plain, and with what; borrowed from the arguments, in the order of normalise.py. */
typedef struct {
    PyObject *entry_type, *words, *line_limit, *text_limit, *raw_limit, *line_separator, *text_separator, *references;
    PyObject *safe_link, *parse_date, *language, *texts;
} Tools;
enum { TOOL_COUNT = sizeof(Tools) / sizeof(PyObject *) };

/* Whether a text is ASCII, printable, and without what stands for markup or, when `spaces` is 0, any space. */
static int is_plain(PyObject *text, int markup, int spaces)
{
    if (!PyUnicode_IS_COMPACT_ASCII(text) || PyUnicode_GET_LENGTH(text) > LONGEST_LINE)
        return 0;
    const unsigned char *c = PyUnicode_1BYTE_DATA(text), *end = c + PyUnicode_GET_LENGTH(text);
    for (unsigned char before = ' '; c < end; before = *c++)
        if (*c <= ' ' ? *c != ' ' || !spaces || before == ' ' : *c >= 0x7F || (markup && (*c == '&' || *c == '<')))
            return 0;
    return PyUnicode_GET_LENGTH(text) == 0 || end[-1] != ' ';
}

/* Takes over the reference. */
static PyObject *must_be_text(PyObject *answer)
{
    if (answer && !PyUnicode_Check(answer)) {
        PyErr_SetString(PyExc_TypeError, "texts must be strings");
        Py_CLEAR(answer);
    }
    return answer;
}

static PyObject *words_of(const Tools *tools, PyObject *text, PyObject *markup, PyObject *limit, PyObject *separator)
{
    return must_be_text(PyObject_CallFunctionObjArgs(
        tools->words, text, markup, limit, tools->raw_limit, separator, tools->references, NULL));
}

static PyObject *line(const Tools *tools, PyObject *text, int markup)
{
    if (is_plain(text, markup, 1))
        return Py_NewRef(text);
    return words_of(tools, text, markup ? Py_True : Py_False, tools->line_limit, tools->line_separator);
}

static PyObject *link_of(const Tools *tools, PyObject *address, PyObject *base)
{
    const char *c = PyUnicode_IS_COMPACT_ASCII(address) ? (const char *)PyUnicode_1BYTE_DATA(address) : "";
    if (PyUnicode_GET_LENGTH(address) == 0)
        return Py_NewRef(address);
    if ((!strncmp(c, "https://", 8) || !strncmp(c, "http://", 7)) && is_plain(address, 0, 0))
        return Py_NewRef(address);
    return must_be_text(PyObject_CallFunctionObjArgs(tools->safe_link, address, base, NULL));
}

static PyObject *text_of(const Tools *tools, PyObject *raw_text)
{
    PyObject *value = PyTuple_GET_ITEM(raw_text, 0);
    if (PyUnicode_GET_LENGTH(value) == 0)
        return Py_NewRef(value);
    return words_of(tools, value, PyTuple_GET_ITEM(raw_text, 1), tools->text_limit, tools->text_separator);
}

static PyObject *language_of(const Tools *tools, PyObject *raw)
{
    if (raw == Py_None || PyUnicode_GET_LENGTH(raw) == 0)
        Py_RETURN_NONE;
    if (PyUnicode_GET_LENGTH(raw) <= LONGEST_LANGUAGE && is_plain(raw, 0, 0) &&
        PyUnicode_FindChar(raw, '_', 0, PyUnicode_GET_LENGTH(raw), 1) < 0)
        return Py_NewRef(raw);
    return PyObject_CallOneArg(tools->language, raw);
}

/* Names in their order, each once. */
static int add_names(const Tools *tools, PyObject *raw, PyObject *names)
{
    Py_ssize_t count = Py_MIN(PySequence_Fast_GET_SIZE(raw), MANY_CATEGORIES);
    for (Py_ssize_t n = 0; n < count; n++) {
        PyObject *written = PySequence_Fast_GET_ITEM(raw, n);
        if (!PyUnicode_Check(written)) {
            PyErr_SetString(PyExc_TypeError, "categories must be strings");
            return 0;
        }
        PyObject *name = line(tools, written, 1);
        int failed = !name || (PyUnicode_GET_LENGTH(name) && PyDict_SetItem(names, name, Py_None) < 0);
        Py_XDECREF(name);
        if (failed)
            return 0;
    }
    return 1;
}

static PyObject *categories_of(const Tools *tools, PyObject *raw)
{
    PyObject *names = PyDict_New();
    PyObject *result = names && add_names(tools, raw, names) ? PySequence_Tuple(names) : NULL;
    Py_XDECREF(names);
    return result;
}

/* The publisher whose entry this is; None for the feed's own. */
static PyObject *publisher_of(const Tools *tools, PyObject *title, PyObject *address, PyObject *base)
{
    PyObject *publisher = line(tools, title, 1);
    if (publisher && PyUnicode_GET_LENGTH(publisher) == 0)
        Py_SETREF(publisher, link_of(tools, address, base));
    if (publisher && PyUnicode_GET_LENGTH(publisher) == 0)
        Py_SETREF(publisher, Py_NewRef(Py_None));
    return publisher;
}

/* Summary and content; several contents are asked of normalise.py. */
static int read_texts(const Tools *tools, PyObject *raw, PyObject **summary, PyObject **content)
{
    PyObject *contents = PyTuple_GET_ITEM(raw, RAW_CONTENTS), *raw_summary = PyTuple_GET_ITEM(raw, RAW_SUMMARY);
    if (PySequence_Fast_GET_SIZE(contents) > 1) {
        PyObject *texts = PyObject_CallOneArg(tools->texts, raw);
        int is_pair = texts && PyTuple_Check(texts) && PyTuple_GET_SIZE(texts) == 2;
        if (is_pair) {
            *summary = Py_NewRef(PyTuple_GET_ITEM(texts, 0));
            *content = Py_NewRef(PyTuple_GET_ITEM(texts, 1));
        }
        Py_XDECREF(texts);
        return is_pair;
    }
    if (PySequence_Fast_GET_SIZE(contents) == 0) {
        *content = PyUnicode_FromStringAndSize(NULL, 0);
        *summary = *content ? text_of(tools, raw_summary) : NULL;
        return *summary != NULL;
    }
    PyObject *only = PySequence_Fast_GET_ITEM(contents, 0);
    if (!(*content = text_of(tools, only)))
        return 0;
    int same = only == raw_summary ? 1 : PyObject_RichCompareBool(only, raw_summary, Py_EQ);
    *summary = same < 0 ? NULL : same ? Py_NewRef(*content) : text_of(tools, raw_summary);
    return *summary != NULL;
}

static int is_raw_text(PyObject *value)
{
    return PyTuple_Check(value) && PyTuple_GET_SIZE(value) == 2 && PyUnicode_Check(PyTuple_GET_ITEM(value, 0)) &&
           PyBool_Check(PyTuple_GET_ITEM(value, 1));
}

static int is_sequence(PyObject *value) { return PyList_CheckExact(value) || PyTuple_CheckExact(value); }

/* Whether all that is read without a question is what it has to be. */
static int is_raw_entry(PyObject *raw)
{
    static const int STRINGS[] = {RAW_ID,        RAW_LINK,    RAW_AUTHOR,       RAW_PUBLISHED,
                                  RAW_UPDATED, RAW_SOURCE_TITLE, RAW_SOURCE_LINK};
    if (!PyTuple_Check(raw) || PyTuple_GET_SIZE(raw) != RAW_FIELDS)
        return 0;
    for (size_t n = 0; n < Py_ARRAY_LENGTH(STRINGS); n++)
        if (!PyUnicode_Check(PyTuple_GET_ITEM(raw, STRINGS[n])))
            return 0;
    PyObject *contents = PyTuple_GET_ITEM(raw, RAW_CONTENTS), *language = PyTuple_GET_ITEM(raw, RAW_LANGUAGE);
    if (!is_sequence(contents) || !is_sequence(PyTuple_GET_ITEM(raw, RAW_CATEGORIES)) ||
        (PySequence_Fast_GET_SIZE(contents) == 1 && !is_raw_text(PySequence_Fast_GET_ITEM(contents, 0))))
        return 0;
    return is_raw_text(PyTuple_GET_ITEM(raw, RAW_TITLE)) && is_raw_text(PyTuple_GET_ITEM(raw, RAW_SUMMARY)) &&
           (language == Py_None || PyUnicode_Check(language));
}

/* An Entry of these values, whose references it takes over; a frozen dataclass with slots, which are filled here once. */
static PyObject *made(const Tools *tools, PyObject **values)
{
    PyTypeObject *type = (PyTypeObject *)tools->entry_type;
    PyObject *entry = type->tp_alloc(type, 0);
    for (int n = 0; n < FIELD_COUNT; n++) {
        if (!values[n] || (entry && PyObject_GenericSetAttr(entry, field_names[n], values[n]) < 0))
            Py_CLEAR(entry);
        Py_XDECREF(values[n]);
    }
    return entry;
}

#define UNLESS_FAILED(value) (PyErr_Occurred() ? NULL : (value))

static PyObject *entry(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    if (count != 3 || !is_raw_entry(arguments[0]) || !PyUnicode_Check(arguments[1]) || !PyTuple_Check(arguments[2]) ||
        PyTuple_GET_SIZE(arguments[2]) != TOOL_COUNT || !PyType_Check(PyTuple_GET_ITEM(arguments[2], 0)))
        return PyErr_Format(PyExc_TypeError, "entry(raw, base, tools)");
    Tools tools;
    for (int n = 0; n < TOOL_COUNT; n++)
        ((PyObject **)&tools)[n] = PyTuple_GET_ITEM(arguments[2], n);
    PyObject *raw = arguments[0], *base = arguments[1], *title = PyTuple_GET_ITEM(raw, RAW_TITLE);
    PyObject *summary = NULL, *content = NULL;
    if (!read_texts(&tools, raw, &summary, &content)) {
        Py_XDECREF(summary);
        Py_XDECREF(content);
        return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_TypeError, "texts must be a summary and a content");
    }
    PyObject *values[FIELD_COUNT] = {
        UNLESS_FAILED(line(&tools, PyTuple_GET_ITEM(raw, RAW_ID), 0)),
        UNLESS_FAILED(link_of(&tools, PyTuple_GET_ITEM(raw, RAW_LINK), base)),
        UNLESS_FAILED(line(&tools, PyTuple_GET_ITEM(title, 0), PyTuple_GET_ITEM(title, 1) == Py_True)),
        summary,
        content,
        UNLESS_FAILED(line(&tools, PyTuple_GET_ITEM(raw, RAW_AUTHOR), 1)),
        UNLESS_FAILED(date(PyTuple_GET_ITEM(raw, RAW_PUBLISHED), tools.parse_date)),
        UNLESS_FAILED(date(PyTuple_GET_ITEM(raw, RAW_UPDATED), tools.parse_date)),
        UNLESS_FAILED(categories_of(&tools, PyTuple_GET_ITEM(raw, RAW_CATEGORIES))),
        UNLESS_FAILED(language_of(&tools, PyTuple_GET_ITEM(raw, RAW_LANGUAGE))),
        UNLESS_FAILED(publisher_of(
            &tools, PyTuple_GET_ITEM(raw, RAW_SOURCE_TITLE), PyTuple_GET_ITEM(raw, RAW_SOURCE_LINK), base)),
    };
    return made(&tools, values);
}

static PyMethodDef METHODS[] = {
    {"entry", (PyCFunction)(void (*)(void))entry, METH_FASTCALL, "The Entry of a RawEntry: see normalise.py."},
    {NULL, NULL, 0, NULL},
};

static int prepare(PyObject *module)
{
    PyDateTime_IMPORT;
    for (int n = 0; PyDateTimeAPI && n < FIELD_COUNT; n++)
        if (!field_names[n] && !(field_names[n] = PyUnicode_InternFromString(FIELDS[n])))
            return -1;
    return PyDateTimeAPI ? PyModule_AddStringConstant(module, "SOURCE", SOURCE_SHA256) : -1;
}

static PyModuleDef_Slot SLOTS[] = {{Py_mod_exec, prepare}, {0, NULL}};

static struct PyModuleDef MODULE = {PyModuleDef_HEAD_INIT, "_normalise", NULL, 0, METHODS, SLOTS, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__normalise(void) { return PyModuleDef_Init(&MODULE); }

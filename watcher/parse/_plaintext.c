/* plaintext.py in C: the same words, several times faster. That file is the definition and says why; this one must
 * give the same for every text (tests/parse/test_compiled.py). It is optional: without a compiler nothing is lost but time.
 *
 * Most texts are read once, from the string itself to a buffer of words, which is as long at the start and widened for
 * wide characters. Where taking something out changes what the rest means (a reference across a tag, a tag around a
 * comment, what never ends), the text is copied instead, and what is hidden and then the tags are taken out of the copy
 * in place, because they only ever shrink it, before its words are read.
 * Every function is compiled once for each width of characters ("kind"). Nothing recurses; every scan moves forward.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#ifndef SOURCE_SHA256
#define SOURCE_SHA256 ""
#endif

#define INLINE static inline __attribute__((always_inline))
#define BREAK 0 /* the border of a block until spaces are folded */
#define READ(kind, data, i) PyUnicode_READ(kind, data, i)
#define WRITE(kind, data, i, c) PyUnicode_WRITE(kind, data, i, c)

/* Windows-1252 where it differs from Latin-1, 0x80 to 0x9F; 0 where it has no character. */
static const Py_UCS2 WINDOWS_1252[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
};

/* What a character is: a part of a word, or the bit that says why it may not be. */
enum { WORD = 0, SPACE = 1, BORDER = 2, UNWANTED = 4, REMAPPED = 8, AMPERSAND = 16, ANGLE = 32 };
#define NO_WORD (SPACE | BORDER | UNWANTED | REMAPPED)

/* What the characters of the first plane are, a byte for each; filled when the module is loaded. All others are words. */
static unsigned char CLASSES[0x10000];

static const struct {
    unsigned short first, last;
    unsigned char class;
} RANGES[] = {
    {0x01, 0x1F, UNWANTED},     {0x7F, 0x7F, UNWANTED},     {0x80, 0x9F, REMAPPED},     {BREAK, BREAK, BORDER},
    {0x09, 0x0D, SPACE},        {0x1C, 0x20, SPACE},        {0xA0, 0xA0, SPACE},        {0x1680, 0x1680, SPACE},
    {0x2000, 0x200A, SPACE},    {0x2028, 0x2029, SPACE},    {0x202F, 0x202F, SPACE},    {0x205F, 0x205F, SPACE},
    {0x3000, 0x3000, SPACE},    {0x202A, 0x202E, UNWANTED}, {0x2066, 0x2069, UNWANTED}, {0xD800, 0xDFFF, UNWANTED},
    {0xFEFF, 0xFEFF, UNWANTED}, {0xFFF9, 0xFFFB, UNWANTED}, {0xFFFE, 0xFFFF, UNWANTED}, {'&', '&', AMPERSAND},
    {'<', '<', ANGLE},
};

static void fill_classes(void)
{
    memset(CLASSES, WORD, sizeof CLASSES);
    for (size_t n = 0; n < Py_ARRAY_LENGTH(RANGES); n++)
        memset(CLASSES + RANGES[n].first, RANGES[n].class, (size_t)(RANGES[n].last - RANGES[n].first + 1));
}

INLINE int class_of(Py_UCS4 c) { return c < sizeof CLASSES ? CLASSES[c] : WORD; }

#include "_plaintext_markup.h"
#include "_plaintext_fold.h"

/* ---- The module. */

/* Takes what is hidden and tags out of `data`, which is ours; gives the new end. */
static Py_ssize_t without_markup(int kind, void *data, Py_ssize_t end)
{
    switch (kind) {
    case PyUnicode_1BYTE_KIND:
        return without_tags(PyUnicode_1BYTE_KIND, data, without_hidden(PyUnicode_1BYTE_KIND, data, end));
    case PyUnicode_2BYTE_KIND:
        return without_tags(PyUnicode_2BYTE_KIND, data, without_hidden(PyUnicode_2BYTE_KIND, data, end));
    default:
        return without_tags(PyUnicode_4BYTE_KIND, data, without_hidden(PyUnicode_4BYTE_KIND, data, end));
    }
}

static Py_ssize_t plain_until(int kind, const void *data, Py_ssize_t end, int source)
{
    switch (kind) {
    case PyUnicode_1BYTE_KIND:
        return words_end(PyUnicode_1BYTE_KIND, data, 0, end, source);
    case PyUnicode_2BYTE_KIND:
        return words_end(PyUnicode_2BYTE_KIND, data, 0, end, source);
    default:
        return words_end(PyUnicode_4BYTE_KIND, data, 0, end, source);
    }
}

static int is_without_breaks(int kind, const void *data, Py_ssize_t end)
{
    switch (kind) {
    case PyUnicode_1BYTE_KIND:
        return find(PyUnicode_1BYTE_KIND, data, 0, end, BREAK) == end;
    case PyUnicode_2BYTE_KIND:
        return find(PyUnicode_2BYTE_KIND, data, 0, end, BREAK) == end;
    default:
        return find(PyUnicode_4BYTE_KIND, data, 0, end, BREAK) == end;
    }
}

/* A copy that may be changed, in which no character is a border yet. */
static void *own_copy(int kind, const void *data, Py_ssize_t end)
{
    void *copy = PyMem_Malloc((size_t)(end * kind));
    if (!copy)
        return PyErr_NoMemory();
    memcpy(copy, data, (size_t)(end * kind));
    for (Py_ssize_t i = 0; (i = find(kind, copy, i, end, BREAK)) < end; i++)
        WRITE(kind, copy, i, ' ');
    return copy;
}

static PyObject *words(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    if (count != 6 || !PyUnicode_Check(arguments[0]) || !PyUnicode_Check(arguments[4]) ||
        PyUnicode_GET_LENGTH(arguments[4]) != 1)
        return PyErr_Format(PyExc_TypeError, "words(value, markup, limit, raw_limit, separator, references)");
    PyObject *value = arguments[0], *references = arguments[5];
    int markup = PyObject_IsTrue(arguments[1]), kind = PyUnicode_KIND(value);
    Py_ssize_t limit = PyLong_AsSsize_t(arguments[2]), end = PyLong_AsSsize_t(arguments[3]);
    if (PyErr_Occurred())
        return NULL;
    if (limit < 0 || end < 0)
        return PyErr_Format(PyExc_ValueError, "limits may not be negative");
    const void *data = PyUnicode_DATA(value);
    Py_ssize_t length = PyUnicode_GET_LENGTH(value);
    end = Py_MIN(end, length);
    if (end == length && length <= limit && PyUnicode_CheckExact(value) &&
        plain_until(kind, data, end, markup ? MARKUP : TEXT) == end)
        return Py_NewRef(value);
    How how = {references, limit, PyUnicode_READ_CHAR(arguments[4], 0), markup, 1};
    PyObject *result = markup || is_without_breaks(kind, data, end) ? folded(kind, data, end, &how) : NULL;
    if (result || PyErr_Occurred())
        return result;
    void *copy = own_copy(kind, data, end);
    if (!copy)
        return NULL;
    how.at_once = 0;
    result = folded(kind, copy, markup ? without_markup(kind, copy, end) : end, &how);
    PyMem_Free(copy);
    return result;
}

static PyMethodDef METHODS[] = {
    {"words", (PyCFunction)(void (*)(void))words, METH_FASTCALL, "The words of a text: see plaintext.py."},
    {NULL, NULL, 0, NULL},
};

static int prepare(PyObject *module)
{
    fill_classes();
    return PyModule_AddStringConstant(module, "SOURCE", SOURCE_SHA256);
}

static PyModuleDef_Slot SLOTS[] = {{Py_mod_exec, prepare}, {0, NULL}};

static struct PyModuleDef MODULE = {PyModuleDef_HEAD_INIT, "_plaintext", NULL, 0, METHODS, SLOTS, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__plaintext(void) { return PyModuleDef_Init(&MODULE); }

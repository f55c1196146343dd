/* plaintext.py in C: the same words, several times faster. That file is the definition and says why; this one must
 * give the same for every text (tests/parse/test_compiled.py). It is optional: without a compiler nothing is lost but time.
 *
 * A text is copied once; what is hidden and the tags are then taken out of the copy in place, because they only ever
 * shrink it; folding writes to a second buffer, which is as long at the start and widened for wide characters.
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

/* What the first 256 characters are; filled when the module is loaded. */
static unsigned char CLASSES[256];

static void fill_classes(void)
{
    memset(CLASSES, WORD, sizeof CLASSES);
    memset(CLASSES, UNWANTED, 0x20);
    memset(CLASSES + 0x09, SPACE, 5);
    memset(CLASSES + 0x1C, SPACE, 5);
    memset(CLASSES + 0x80, REMAPPED, 0x20);
    CLASSES[' '] = CLASSES[0xA0] = SPACE;
    CLASSES[0x7F] = UNWANTED;
    CLASSES[BREAK] = BORDER;
    CLASSES['&'] = AMPERSAND;
    CLASSES['<'] = ANGLE;
}

INLINE int class_of(Py_UCS4 c)
{
    if (c < 0x100)
        return CLASSES[c];
    if (c < 0x1680 || (c > 0x3000 && c < 0xD800))
        return WORD;
    if (c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
        c == 0x3000)
        return SPACE;
    if ((c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || (c >= 0xD800 && c <= 0xDFFF) || c == 0xFEFF ||
        (c >= 0xFFF9 && c <= 0xFFFB) || c == 0xFFFE || c == 0xFFFF)
        return UNWANTED;
    return WORD;
}

#include "_plaintext_markup.h"

/* ---- Folding: words, one space between them, a separator for borders. */

typedef struct {
    int kind;
    void *data;
    Py_ssize_t length, capacity;
    int owed; /* SPACE or BORDER before the next word, WORD for nothing */
    Py_UCS4 separator;
} Folded;

static int widen(Folded *to)
{
    Py_UCS4 *wide = PyMem_Malloc((size_t)to->capacity * sizeof(Py_UCS4));
    if (!wide) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < to->length; i++)
        wide[i] = READ(to->kind, to->data, i);
    PyMem_Free(to->data);
    to->data = wide;
    to->kind = PyUnicode_4BYTE_KIND;
    return 0;
}

INLINE void pay(Folded *to)
{
    if (to->owed != WORD && to->length && to->length < to->capacity)
        WRITE(to->kind, to->data, to->length++, to->owed == BORDER ? to->separator : ' ');
    to->owed = WORD;
}

static int put(Folded *to, Py_UCS4 c)
{
    int class = class_of(c) & NO_WORD;
    if (class == REMAPPED) {
        c = WINDOWS_1252[c - 0x80];
        class = c ? WORD : UNWANTED;
    }
    if (class == SPACE || class == BORDER)
        to->owed = to->owed == BORDER ? BORDER : class;
    if (class != WORD)
        return 0;
    if ((to->kind == PyUnicode_1BYTE_KIND && c > 0xFF) || (to->kind == PyUnicode_2BYTE_KIND && c > 0xFFFF))
        if (widen(to) < 0)
            return -1;
    pay(to);
    if (to->length < to->capacity)
        WRITE(to->kind, to->data, to->length++, c);
    return 0;
}

INLINE void put_run(int kind, const void *data, Py_ssize_t i, Py_ssize_t end, Folded *to)
{
    pay(to);
    if (end - i > to->capacity - to->length)
        end = i + (to->capacity - to->length);
    if (kind == to->kind) {
        memcpy((char *)to->data + to->length * kind, (const char *)data + i * kind, (size_t)((end - i) * kind));
        to->length += end - i;
        return;
    }
    while (i < end)
        ((Py_UCS4 *)to->data)[to->length++] = READ(kind, data, i++);
}

enum { TEXT = NO_WORD, REFERENCES = TEXT | AMPERSAND, MARKUP = REFERENCES | ANGLE };

/* Past words with single spaces between them; `source` says what interrupts words. */
INLINE Py_ssize_t words_end(int kind, const void *data, Py_ssize_t i, Py_ssize_t end, int source)
{
    Py_ssize_t start = i;
    for (;; i++) {
        while (i < end && !(class_of(READ(kind, data, i)) & source))
            i++;
        if (i == start || i + 1 >= end || READ(kind, data, i) != ' ' || class_of(READ(kind, data, i + 1)) & source)
            return i;
    }
}

/* Past a reference (_REFERENCE); `i` itself when none stands at this `&`. `code` is that of a decimal one, else 0. */
INLINE Py_ssize_t reference_end(int kind, const void *data, Py_ssize_t i, Py_ssize_t end, Py_UCS4 *code)
{
    Py_ssize_t start = i + 1, after = start;
    *code = 0;
    Py_UCS4 c = start < end ? READ(kind, data, start) : ' ';
    if (is_letter(c)) {
        after = name_end(kind, data, start, end - start > 32 ? start + 32 : end);
        start++;
    } else if (c == '#') {
        after = ++start;
        for (; after < end && after - start < 9 && is_digit(c = READ(kind, data, after)); after++)
            *code = *code * 10 + (c - '0');
        if (after == start && after < end && lower(READ(kind, data, after)) == 'x')
            for (after = ++start; after < end && after - start < 8 && is_hex(READ(kind, data, after));)
                after++;
    }
    if (after == start)
        return i;
    return after < end && READ(kind, data, after) == ';' ? after + 1 : after;
}

/* The commonest names, with what they stand for. */
INLINE Py_UCS4 common_name(int kind, const void *data, Py_ssize_t i, Py_ssize_t end)
{
    static const struct {
        const char *name;
        Py_UCS4 code;
    } COMMON[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&nbsp;", 0xA0}};
    for (size_t n = 0; n < Py_ARRAY_LENGTH(COMMON); n++) {
        const char *c = COMMON[n].name;
        Py_ssize_t at = i;
        while (*c && at < end && READ(kind, data, at) == (Py_UCS4)*c)
            at++, c++;
        if (!*c && at == end)
            return COMMON[n].code;
    }
    return 0;
}

INLINE int is_usual(Py_UCS4 code)
{
    return (code >= ' ' && code < 0x7F) || (code >= 0xA0 && code < 0xD800) || (code >= 0xE000 && code < 0xFDD0);
}

/* Puts what stands at this `&`; gives the position after it, -1 with an exception set. */
INLINE Py_ssize_t put_reference(
    int kind, const void *data, Py_ssize_t i, Py_ssize_t end, PyObject *references, Folded *to)
{
    Py_UCS4 code;
    Py_ssize_t after = reference_end(kind, data, i, end, &code);
    if (after == i)
        return put(to, '&') < 0 ? -1 : i + 1;
    if (is_usual(code) || (code = common_name(kind, data, i, after)))
        return put(to, code) < 0 ? -1 : after;
    PyObject *written = PyUnicode_FromKindAndData(kind, (const char *)data + i * kind, after - i);
    PyObject *resolved = written ? PyObject_GetItem(references, written) : NULL;
    Py_XDECREF(written);
    if (resolved && !PyUnicode_Check(resolved))
        PyErr_SetString(PyExc_TypeError, "references must map strings to strings");
    for (Py_ssize_t n = 0; !PyErr_Occurred() && n < PyUnicode_GET_LENGTH(resolved); n++)
        put(to, PyUnicode_READ_CHAR(resolved, n));
    Py_XDECREF(resolved);
    return PyErr_Occurred() ? -1 : after;
}

INLINE int fold(int kind, const void *data, Py_ssize_t end, PyObject *references, Folded *to)
{
    Py_ssize_t i = 0;
    while (i < end && to->length < to->capacity) {
        Py_UCS4 c = READ(kind, data, i);
        Py_ssize_t after = words_end(kind, data, i, end, references ? REFERENCES : TEXT);
        if (after > i)
            put_run(kind, data, i, after, to);
        else if (references && c == '&')
            after = put_reference(kind, data, i, end, references, to);
        else
            after = put(to, c) < 0 ? -1 : i + 1;
        if (after < 0)
            return -1;
        i = after;
    }
    return 0;
}

static PyObject *folded(int kind, const void *data, Py_ssize_t end, PyObject *references, Py_ssize_t limit, Py_UCS4 separator)
{
    Folded to = {.kind = kind, .capacity = Py_MIN(end, limit), .owed = WORD, .separator = separator};
    PyObject *result = NULL;
    to.data = PyMem_Malloc((size_t)(to.capacity * kind));
    if (!to.data)
        return PyErr_NoMemory();
    int failed = kind == PyUnicode_1BYTE_KIND   ? fold(PyUnicode_1BYTE_KIND, data, end, references, &to)
                 : kind == PyUnicode_2BYTE_KIND ? fold(PyUnicode_2BYTE_KIND, data, end, references, &to)
                                                : fold(PyUnicode_4BYTE_KIND, data, end, references, &to);
    if (!failed) {
        if (to.length && class_of(READ(to.kind, to.data, to.length - 1)) & NO_WORD)
            to.length--; /* a separator at the limit */
        result = PyUnicode_FromKindAndData(to.kind, to.data, to.length);
    }
    PyMem_Free(to.data);
    return result;
}

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
    void *copy = own_copy(kind, data, end);
    if (!copy)
        return NULL;
    end = markup ? without_markup(kind, copy, end) : end;
    PyObject *result =
        folded(kind, copy, end, markup ? references : NULL, limit, PyUnicode_READ_CHAR(arguments[4], 0));
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

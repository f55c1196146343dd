/* scan.py in C: words of a few bytes in a document of millions, found by their rarest byte. It is optional. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#ifndef SOURCE_SHA256
#define SOURCE_SHA256 ""
#endif

typedef struct {
    const char *document, *end; /* where to look */
    const char *word;
    Py_ssize_t length, rarest; /* of the word; the place in it of the byte that is looked for */
} Search;

/* The next place of the word from `from` on; NULL for none. */
static const char *next_place(const Search *search, const char *from)
{
    const char *c = from + search->rarest, *last = search->end - search->length + search->rarest;
    for (; c <= last && (c = memchr(c, search->word[search->rarest], (size_t)(last - c + 1))); c++)
        if (!memcmp(c - search->rarest, search->word, (size_t)search->length))
            return c - search->rarest;
    return NULL;
}

/* The arguments document, word, rarest, start, end; the last two are cut to the document as for bytes.find. */
static int read_arguments(PyObject *const *arguments, Py_ssize_t count, Search *search)
{
    if (count != 5 || !PyBytes_Check(arguments[0]) || !PyBytes_Check(arguments[1])) {
        PyErr_SetString(PyExc_TypeError, "document, word, rarest, start, end");
        return 0;
    }
    Py_ssize_t start = PyLong_AsSsize_t(arguments[3]), end = PyLong_AsSsize_t(arguments[4]);
    search->word = PyBytes_AS_STRING(arguments[1]);
    search->length = PyBytes_GET_SIZE(arguments[1]);
    search->rarest = PyLong_AsSsize_t(arguments[2]);
    if (PyErr_Occurred())
        return 0;
    if (start < 0 || end < 0 || search->rarest < 0 || search->rarest >= search->length) {
        PyErr_SetString(PyExc_ValueError, "positions may not be negative, the rarest byte has to be in the word");
        return 0;
    }
    end = Py_MIN(end, PyBytes_GET_SIZE(arguments[0]));
    search->document = PyBytes_AS_STRING(arguments[0]) + Py_MIN(start, end);
    search->end = PyBytes_AS_STRING(arguments[0]) + end;
    return 1;
}

static int fits(const Search *search, const char *from) { return search->end - from >= search->length; }

static PyObject *find(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    Search search;
    if (!read_arguments(arguments, count, &search))
        return NULL;
    const char *place = fits(&search, search.document) ? next_place(&search, search.document) : NULL;
    return PyLong_FromSsize_t(place ? place - PyBytes_AS_STRING(arguments[0]) : -1);
}

static PyObject *count_of(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    Search search;
    Py_ssize_t found = 0;
    if (!read_arguments(arguments, count, &search))
        return NULL;
    for (const char *at = search.document; fits(&search, at) && (at = next_place(&search, at)); at += search.length)
        found++;
    return PyLong_FromSsize_t(found);
}

static PyMethodDef METHODS[] = {
    {"find", (PyCFunction)(void (*)(void))find, METH_FASTCALL, "bytes.find: see scan.py."},
    {"count", (PyCFunction)(void (*)(void))count_of, METH_FASTCALL, "bytes.count: see scan.py."},
    {NULL, NULL, 0, NULL},
};

static int prepare(PyObject *module) { return PyModule_AddStringConstant(module, "SOURCE", SOURCE_SHA256); }

static PyModuleDef_Slot SLOTS[] = {{Py_mod_exec, prepare}, {0, NULL}};

static struct PyModuleDef MODULE = {PyModuleDef_HEAD_INIT, "_scan", NULL, 0, METHODS, SLOTS, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__scan(void) { return PyModuleDef_Init(&MODULE); }

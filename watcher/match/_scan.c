/* scan.py in C: the same results, several times faster. That file is the definition and says what the values are; this one
 * must give the same for every row (tests/match/test_match_scan.py). It is optional: without a compiler nothing is lost
 * but time. What comes in was made by this package; shapes are checked all the same, numbers are not negative.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#ifndef SOURCE_SHA256
#define SOURCE_SHA256 ""
#endif

enum { SINGLES, SLOTS, FOLLOWERS, RIGHTS, PIECE_SIZE }; /* of a piece, as in memory.py */

static int is_piece(PyObject *piece)
{
    if (PyTuple_CheckExact(piece) && PyTuple_GET_SIZE(piece) == PIECE_SIZE &&
        PyTuple_CheckExact(PyTuple_GET_ITEM(piece, SINGLES)) && PyTuple_CheckExact(PyTuple_GET_ITEM(piece, SLOTS)) &&
        PyTuple_CheckExact(PyTuple_GET_ITEM(piece, RIGHTS)))
        return 1;
    PyErr_SetString(PyExc_TypeError, "a row has pieces: (singles, slots, followers, rights)");
    return 0;
}

/* table[key].append(value) for a dict of lists, unless the list is full. */
static int append_to(PyObject *table, PyObject *key, PyObject *value, Py_ssize_t most)
{
    PyObject *list = PyDict_GetItemWithError(table, key);
    if (list)
        return PyList_Check(list) && PyList_GET_SIZE(list) >= most ? 0 : PyList_Append(list, value);
    if (PyErr_Occurred() || !(list = PyList_New(1)))
        return -1;
    PyList_SET_ITEM(list, 0, Py_NewRef(value));
    int failed = PyDict_SetItem(table, key, list);
    Py_DECREF(list);
    return failed;
}

static int note_singles(PyObject *piece, Py_ssize_t at, PyObject *singles)
{
    PyObject *slots = PyTuple_GET_ITEM(piece, SINGLES), *position = NULL;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(slots); i++) {
        if (!position && !(position = PyLong_FromSsize_t(at)))
            return -1;
        if (append_to(singles, PyTuple_GET_ITEM(slots, i), position, PY_SSIZE_T_MAX) < 0) {
            Py_DECREF(position);
            return -1;
        }
    }
    Py_XDECREF(position);
    return 0;
}

static int note_pair(PyObject *pairs, PyObject *left, PyObject *right, Py_ssize_t at, Py_ssize_t most)
{
    unsigned long first = PyLong_AsUnsignedLong(left), second = PyLong_AsUnsignedLong(right);
    if (PyErr_Occurred())
        return -1;
    PyObject *key = PyLong_FromUnsignedLongLong((unsigned long long)first << 32 | second);
    PyObject *span = Py_BuildValue("(nn)", at, at + 2);
    int failed = key && span ? append_to(pairs, key, span, most) : -1;
    Py_XDECREF(key);
    Py_XDECREF(span);
    return failed;
}

/* 1 when one of the slots to the right is in the set, 0 when none is. */
static int meets(PyObject *set, PyObject *rights)
{
    int found = 0;
    for (Py_ssize_t i = 0; !found && i < PyTuple_GET_SIZE(rights); i++)
        found = PySet_Contains(set, PyTuple_GET_ITEM(rights, i));
    return found;
}

static int note_neighbours(PyObject *before, PyObject *after, Py_ssize_t at, PyObject *pairs, PyObject *followers,
                           Py_ssize_t most)
{
    PyObject *lefts = PyTuple_GET_ITEM(before, SLOTS), *rights = PyTuple_GET_ITEM(after, RIGHTS);
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(lefts); i++) {
        PyObject *left = PyTuple_GET_ITEM(lefts, i), *set = PyDict_GetItemWithError(followers, left);
        if (!set && PyErr_Occurred())
            return -1;
        for (Py_ssize_t j = 0; set && j < PyTuple_GET_SIZE(rights); j++) {
            PyObject *right = PyTuple_GET_ITEM(rights, j);
            int found = PySet_Contains(set, right);
            if (found < 0 || (found && note_pair(pairs, left, right, at, most) < 0))
                return -1;
        }
    }
    return 0;
}

static int has_types(PyObject *const *arguments, Py_ssize_t count, const char *types)
{
    for (Py_ssize_t i = 0; i < count; i++)
        if ((types[i] == 'l' && !PyList_CheckExact(arguments[i])) || (types[i] == 'd' && !PyDict_Check(arguments[i])))
            return 0;
    return 1;
}

static PyObject *note(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    if (count != 6 || !has_types(arguments, count, "lnddd"))
        return PyErr_Format(PyExc_TypeError, "note(row, begin, singles, pairs, followers, most)");
    PyObject *row = arguments[0], *singles = arguments[2], *pairs = arguments[3], *followers = arguments[4];
    Py_ssize_t begin = PyLong_AsSsize_t(arguments[1]), most = PyLong_AsSsize_t(arguments[5]);
    if (PyErr_Occurred())
        return NULL;
    PyObject *before = NULL;
    for (Py_ssize_t at = Py_MAX(begin, 0); at < PyList_GET_SIZE(row); at++) {
        PyObject *piece = PyList_GET_ITEM(row, at);
        if (!is_piece(piece) || note_singles(piece, at, singles) < 0)
            return NULL;
        PyObject *rights = PyTuple_GET_ITEM(piece, RIGHTS);
        if (before && PyTuple_GET_SIZE(rights)) {
            int met = meets(PyTuple_GET_ITEM(before, FOLLOWERS), rights);
            if (met < 0 || (met && note_neighbours(before, piece, at - 1, pairs, followers, most) < 0))
                return NULL;
        }
        before = piece;
    }
    Py_RETURN_NONE;
}

/* What `waiting` looks into. */
typedef struct {
    Py_buffer keys, numbers, thirds;
    PyObject *row, *joined, *joined_to;
} Places;

/* 1 when a piece may be the slot, 0 when not, -1 on errors. */
static int may_be(PyObject *piece, long slot)
{
    if (!is_piece(piece))
        return -1;
    PyObject *slots = PyTuple_GET_ITEM(piece, SLOTS);
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(slots); i++)
        if (PyLong_AsLong(PyTuple_GET_ITEM(slots, i)) == slot)
            return 1;
    return PyErr_Occurred() ? -1 : 0;
}

static int may_be_joined(PyObject *joined, Py_ssize_t at, long slot)
{
    if (!PyDict_GET_SIZE(joined))
        return 0;
    PyObject *position = PyLong_FromSsize_t(at);
    PyObject *alternatives = position ? PyDict_GetItemWithError(joined, position) : NULL;
    Py_XDECREF(position);
    if (!alternatives || !PyList_CheckExact(alternatives))
        return PyErr_Occurred() ? -1 : 0;
    int found = 0;
    for (Py_ssize_t i = 0; !found && i < PyList_GET_SIZE(alternatives); i++) {
        PyObject *one = PyList_GET_ITEM(alternatives, i); /* width, piece */
        found = PyTuple_CheckExact(one) && PyTuple_GET_SIZE(one) == 2 ? may_be(PyTuple_GET_ITEM(one, 1), slot) : 0;
    }
    return found;
}

/* Whether the third slot stands beside two neighbours at one of the places. */
static int beside(const Places *places, PyObject *spans, int third)
{
    Py_ssize_t length = PyList_GET_SIZE(places->row);
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(spans); i++) {
        PyObject *span = PyList_GET_ITEM(spans, i);
        if (!PyTuple_CheckExact(span) || PyTuple_GET_SIZE(span) != 2)
            return PyErr_Format(PyExc_TypeError, "a span has two positions"), -1;
        Py_ssize_t edge = PyLong_AsSsize_t(PyTuple_GET_ITEM(span, third > 0));
        Py_ssize_t at = third > 0 ? edge : edge > 0 ? edge - 1 : length - 1;
        if (edge < 0 || at < 0 || at >= length)
            return PyErr_Occurred() ? -1 : (PyErr_SetString(PyExc_IndexError, "a span beyond the row"), -1);
        int found = may_be(PyList_GET_ITEM(places->row, at), labs((long)third));
        if (!found)
            found = may_be_joined(third > 0 ? places->joined : places->joined_to, edge, labs((long)third));
        if (found)
            return found;
    }
    return 0;
}

static Py_ssize_t first_not_below(const unsigned long long *keys, Py_ssize_t count, unsigned long long key)
{
    Py_ssize_t low = 0;
    while (count > 0) {
        Py_ssize_t half = count / 2;
        if (keys[low + half] < key) {
            low += half + 1;
            count -= half + 1;
        } else
            count = half;
    }
    return low;
}

static int add_waiting(const Places *places, unsigned long long key, PyObject *spans, PyObject *found)
{
    const unsigned long long *keys = places->keys.buf;
    Py_ssize_t count = places->keys.len / 8;
    for (Py_ssize_t i = first_not_below(keys, count, key); i < count && keys[i] == key; i++) {
        int third = ((const int *)places->thirds.buf)[i], stands = third ? beside(places, spans, third) : 1;
        if (stands < 0)
            return -1;
        if (!stands)
            continue;
        PyObject *number = PyLong_FromUnsignedLong(((const unsigned int *)places->numbers.buf)[i]);
        int failed = number ? PyList_Append(found, number) : -1;
        Py_XDECREF(number);
        if (failed)
            return -1;
    }
    return 0;
}

static PyObject *all_waiting(const Places *places, PyObject *pairs)
{
    if (places->numbers.len != places->keys.len / 2 || places->thirds.len != places->keys.len / 2)
        return PyErr_Format(PyExc_ValueError, "keys of 8 bytes, numbers and thirds of 4, as many of each");
    PyObject *found = PyList_New(0), *key, *spans;
    Py_ssize_t at = 0;
    while (found && PyDict_Next(pairs, &at, &key, &spans)) {
        unsigned long long wanted = PyLong_AsUnsignedLongLong(key);
        if (PyErr_Occurred() || !PyList_CheckExact(spans) || add_waiting(places, wanted, spans, found) < 0)
            Py_CLEAR(found);
    }
    if (!found && !PyErr_Occurred())
        PyErr_SetString(PyExc_TypeError, "pairs has lists of spans");
    return found;
}

static PyObject *waiting(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    if (count != 7 || !has_types(arguments, count, "dbbbldd"))
        return PyErr_Format(PyExc_TypeError, "waiting(pairs, keys, numbers, thirds, row, joined, joined_to)");
    Places places = {.row = arguments[4], .joined = arguments[5], .joined_to = arguments[6]};
    Py_buffer *buffers[] = {&places.keys, &places.numbers, &places.thirds};
    int held = 0;
    while (held < 3 && PyObject_GetBuffer(arguments[held + 1], buffers[held], PyBUF_SIMPLE) == 0)
        held++;
    PyObject *found = held == 3 ? all_waiting(&places, arguments[0]) : NULL;
    while (held > 0)
        PyBuffer_Release(buffers[--held]);
    return found;
}

static PyMethodDef METHODS[] = {
    {"note", (PyCFunction)(void (*)(void))note, METH_FASTCALL, "Where slots and neighbours stand: see scan.py."},
    {"waiting", (PyCFunction)(void (*)(void))waiting, METH_FASTCALL, "The phrases that may stand: see scan.py."},
    {NULL, NULL, 0, NULL},
};

static int prepare(PyObject *module) { return PyModule_AddStringConstant(module, "SOURCE", SOURCE_SHA256); }

static PyModuleDef_Slot SLOTS_OF_MODULE[] = {{Py_mod_exec, prepare}, {0, NULL}};

static struct PyModuleDef MODULE = {PyModuleDef_HEAD_INIT, "_scan", NULL, 0, METHODS, SLOTS_OF_MODULE, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__scan(void) { return PyModuleDef_Init(&MODULE); }

/* Part of _plaintext.c: words, one space between them, a separator for borders. */

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

/* Whether what begins at this `&` may go on behind a tag. */
INLINE int runs_into_tag(int kind, const void *data, Py_ssize_t i, Py_ssize_t end)
{
    Py_ssize_t after = i + 1, until = Py_MIN(end, i + 40); /* no reference is as long */
    while (after < until && (READ(kind, data, after) == '#' || is_letter(READ(kind, data, after)) ||
                             is_digit(READ(kind, data, after))))
        after++;
    return after < end && READ(kind, data, after) == '<';
}

enum { NOT_AT_ONCE = -2 };

/* Puts what stands at this `<`, or takes it for a tag; gives the position after it, NOT_AT_ONCE where that is too simple. */
INLINE Py_ssize_t put_piece(int kind, const void *data, Py_ssize_t i, Py_ssize_t end, Folded *to)
{
    if (hidden_end(kind, data, i, end) != i)
        return NOT_AT_ONCE;
    Piece piece = piece_at(kind, data, i, end, 1);
    if (piece.what == UNFINISHED || find(kind, data, i, piece.end, BREAK) < piece.end)
        return NOT_AT_ONCE;
    if (piece.what != TAG && put(to, piece.what == BLOCK ? BREAK : '<') < 0)
        return -1;
    return piece.end;
}

/* The words of markup at once: 0, -1 with an exception set, or NOT_AT_ONCE. */
INLINE int fold_markup(int kind, const void *data, Py_ssize_t end, PyObject *references, Folded *to)
{
    Py_ssize_t i = 0;
    while (i < end && to->length < to->capacity) {
        Py_UCS4 c = READ(kind, data, i);
        Py_ssize_t after = words_end(kind, data, i, end, MARKUP);
        if (after > i)
            put_run(kind, data, i, after, to);
        else if (c == '<')
            after = put_piece(kind, data, i, end, to);
        else if (c == BREAK || (c == '&' && runs_into_tag(kind, data, i, end)))
            after = NOT_AT_ONCE;
        else if (c == '&')
            after = put_reference(kind, data, i, end, references, to);
        else
            after = put(to, c) < 0 ? -1 : i + 1;
        if (after < 0)
            return (int)after;
        i = after;
    }
    return 0;
}

typedef struct {
    PyObject *references;
    Py_ssize_t limit;
    Py_UCS4 separator;
    int markup, at_once; /* whether there are tags still, and references */
} How;

static int fold_kind(int kind, const void *data, Py_ssize_t end, const How *how, Folded *to)
{
    PyObject *references = how->markup ? how->references : NULL;
    int tags = how->markup && how->at_once;
    switch (kind) {
    case PyUnicode_1BYTE_KIND:
        return tags ? fold_markup(PyUnicode_1BYTE_KIND, data, end, references, to)
                    : fold(PyUnicode_1BYTE_KIND, data, end, references, to);
    case PyUnicode_2BYTE_KIND:
        return tags ? fold_markup(PyUnicode_2BYTE_KIND, data, end, references, to)
                    : fold(PyUnicode_2BYTE_KIND, data, end, references, to);
    default:
        return tags ? fold_markup(PyUnicode_4BYTE_KIND, data, end, references, to)
                    : fold(PyUnicode_4BYTE_KIND, data, end, references, to);
    }
}

/* A string; NULL with an exception set, or without one when this cannot be done at once. */
static PyObject *folded(int kind, const void *data, Py_ssize_t end, const How *how)
{
    Folded to = {.kind = kind, .capacity = Py_MIN(end, how->limit), .owed = WORD, .separator = how->separator};
    PyObject *result = NULL;
    to.data = PyMem_Malloc((size_t)(to.capacity * kind));
    if (!to.data)
        return PyErr_NoMemory();
    if (fold_kind(kind, data, end, how, &to) == 0) {
        if (to.length && class_of(READ(to.kind, to.data, to.length - 1)) & NO_WORD)
            to.length--; /* a separator at the limit */
        result = PyUnicode_FromKindAndData(to.kind, to.data, to.length);
    }
    PyMem_Free(to.data);
    return result;
}

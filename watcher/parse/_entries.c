/* The entries of sound documents, read from libxml2's tree as walk.py and handlers.py read them, many times faster.
 *
 * Those files are the definition; this one gives the same for an entry (tests/parse/test_compiled_entries.py), or
 * declines it, and then they read it. It is optional: without a compiler, or with an lxml that compiled.py does not
 * know, nothing is lost but time. An entry is read whole or not at all, so that no state is shared with the walk.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#ifndef SOURCE_SHA256
#define SOURCE_SHA256 ""
#endif

#include "_entries_tree.h"

/* What an element is, by its name; compiled.py says which names are which. */
#define KINDS(KIND)                                                                                                    \
    KIND(NOT_READ_HERE) KIND(UNKNOWN) KIND(UNKNOWN_QUALIFIED) KIND(TITLE) KIND(MEDIA_TITLE) KIND(DESCRIPTION)          \
    KIND(ABSTRACT) KIND(SUMMARY) KIND(CONTENT) KIND(CONTENT_ENCODED) KIND(OTHER_TEXT) KIND(GUID) KIND(LINK)            \
    KIND(AUTHOR) KIND(NAME) KIND(EMAIL) KIND(HOMEPAGE) KIND(CATEGORY) KIND(MEDIA_CATEGORY) KIND(KEYWORDS)              \
    KIND(PUBLISHED) KIND(UPDATED) KIND(LANGUAGE) KIND(SOURCE) KIND(IMAGE)
#define AS_CONSTANT(name) name,
#define AS_NAME(name) #name,
enum { KINDS(AS_CONSTANT) KIND_COUNT };
static const char *const KIND_NAMES[] = {KINDS(AS_NAME)};

/* Kinds by the addresses of names, which libxml2 keeps once in a document, and of namespaces. */
typedef struct {
    const char *name;
    const Namespace *namespace;
    int kind;
} Known;

enum { KNOWN_SLOTS = 256, MOST_KNOWN = 192, DEEPEST = 16 };

typedef struct {
    PyObject_HEAD
    PyObject *element_type, *entry_type, *text_type, *no_text;
    PyObject *kind_of, *resolve, *resolve_text, *mended, *looks_like_html;
    PyObject *root; /* keeps the document and with it the names */
    int is_atom, known_count;
    Known known[KNOWN_SLOTS];
} Reader;

/* Asks Python for the kind of an element by its tag and prefix. */
static Status ask_kind(Reader *reader, const Node *element, int *kind)
{
    const Namespace *namespace = element->namespace;
    PyObject *tag = namespace && namespace->href ? PyUnicode_FromFormat("{%s}%s", namespace->href, element->name)
                                                 : PyUnicode_FromString(element->name);
    PyObject *prefix = namespace && namespace->prefix ? PyUnicode_FromString(namespace->prefix) : Py_NewRef(Py_None);
    PyObject *answer = tag && prefix ? PyObject_CallFunctionObjArgs(reader->kind_of, tag, prefix, NULL) : NULL;
    *kind = answer ? (int)PyLong_AsLong(answer) : -1;
    Py_XDECREF(tag);
    Py_XDECREF(prefix);
    Py_XDECREF(answer);
    if (!PyErr_Occurred() && (*kind < 0 || *kind >= KIND_COUNT))
        PyErr_SetString(PyExc_ValueError, "no such kind of element");
    return PyErr_Occurred() ? FAILED : DONE;
}

static Status kind_of(Reader *reader, const Node *element, int *kind)
{
    if (element->type != ELEMENT_NODE)
        return DECLINED;
    size_t slot = ((size_t)element->name >> 3) ^ ((size_t)element->namespace >> 5);
    for (slot %= KNOWN_SLOTS; reader->known[slot].name; slot = (slot + 1) % KNOWN_SLOTS)
        if (reader->known[slot].name == element->name && reader->known[slot].namespace == element->namespace) {
            *kind = reader->known[slot].kind;
            return DONE;
        }
    TRY(ask_kind(reader, element, kind));
    if (reader->known_count < MOST_KNOWN) {
        reader->known[slot] = (Known){element->name, element->namespace, *kind};
        reader->known_count++;
    }
    return DONE;
}

/* ---- Addresses that are absolute already (feedparser_rules._PLAIN_ADDRESS). */

static const char *past_address_characters(const char *c, const char *end)
{
    while (c < end && (Py_ISALNUM(*c) || (*c && strchr("_.~%/+,=:@!$&'()*-", *c))))
        c++;
    return c;
}

static const char *past_part(const char *c, const char *end, char sign)
{
    if (c == end || *c != sign)
        return c;
    const char *after = past_address_characters(c + 1, end);
    return after > c + 1 || sign == '/' ? after : c;
}

/* `tag:…`, `urn:…`, `yt:…`: they stand for themselves, whatever the base. */
static int is_plain_name(const char *c, const char *end)
{
    size_t scheme = !strncmp(c, "tag:", 4) || !strncmp(c, "urn:", 4) ? 4 : !strncmp(c, "yt:", 3) ? 3 : 0;
    return scheme && c[scheme] && c[scheme] != '/' && past_address_characters(c + scheme, end) == end;
}

static int is_plain_address(PyObject *text)
{
    if (!PyUnicode_IS_COMPACT_ASCII(text))
        return 0;
    const char *c = (const char *)PyUnicode_1BYTE_DATA(text), *end = c + PyUnicode_GET_LENGTH(text);
    if (is_plain_name(c, end))
        return 1;
    size_t scheme = !strncmp(c, "https://", 8) ? 8 : !strncmp(c, "http://", 7) ? 7 : 0;
    const char *host = c += scheme;
    while (c < end && ((*c >= 'a' && *c <= 'z') || Py_ISDIGIT(*c) || *c == '.' || *c == '-'))
        c++;
    if (!scheme || c == host)
        return 0;
    if (c + 1 < end && *c == ':' && Py_ISDIGIT(c[1]))
        for (c++; c < end && Py_ISDIGIT(*c);)
            c++;
    return past_part(past_part(past_part(c, end, '/'), end, '?'), end, '#') == end;
}

#include "_entries_fields.h"
#include "_entries_texts.h"
#include "_entries_handlers.h"

static Status read_children(Entry *entry, const Node *element, int depth)
{
    if (depth - entry->top > DEEPEST)
        return DECLINED;
    for (const Node *child = element->children; child; child = child->next) {
        int kind;
        if (is_text(child))
            continue;
        TRY(kind_of(entry->reader, child, &kind));
        TRY(HANDLERS[kind](entry, child, depth + 1));
    }
    return DONE;
}

/* ---- The module. */

static PyObject *read_entry(Reader *self, PyObject *const *arguments, Py_ssize_t count)
{
    if (count != 5 || !PyObject_TypeCheck(arguments[0], (PyTypeObject *)self->element_type) ||
        !PyUnicode_Check(arguments[2]) || !(arguments[3] == Py_None || PyUnicode_Check(arguments[3])) ||
        !(arguments[4] == Py_None || PyUnicode_Check(arguments[4])))
        return PyErr_Format(PyExc_TypeError, "read(element, depth, base, language, id)");
    int depth = (int)PyLong_AsLong(arguments[1]);
    if (PyErr_Occurred())
        return NULL;
    Entry entry = {.reader = self, .base = arguments[2], .language_in_scope = arguments[3], .title_depth = -1};
    entry.top = depth;
    entry.title_markup = entry.summary_markup = UNSAID;
    entry.id.depth = entry.title.depth = entry.summary.depth = entry.author.depth = NO_DEPTH;
    entry.published.depth = entry.updated.depth = entry.language.depth = NO_DEPTH;
    entry.id.value = arguments[4] == Py_None ? NULL : Py_NewRef(arguments[4]);
    entry.contents = PyList_New(0);
    entry.categories = PyList_New(0);
    Status status = !entry.contents || !entry.categories
                        ? FAILED
                        : read_children(&entry, ((LxmlElement *)arguments[0])->node, depth);
    PyObject *result = status == DECLINED ? Py_NewRef(Py_None) : NULL;
    if (status == DONE) {
        PyObject *raw = outcome(&entry);
        result = raw ? Py_BuildValue("(Ni)", raw, entry.title_depth) : NULL;
    }
    forget(&entry);
    return result;
}

static int is_tuple_type(PyObject *type) { return PyType_Check(type) && PyType_IsSubtype((PyTypeObject *)type, &PyTuple_Type); }

static int initialise(Reader *self, PyObject *arguments, PyObject *keywords)
{
    PyObject **const kept[] = {&self->root,    &self->element_type, &self->entry_type, &self->text_type, &self->no_text,
                               &self->kind_of, &self->resolve,      &self->resolve_text, &self->mended, &self->looks_like_html};
    Py_ssize_t wanted = Py_ARRAY_LENGTH(kept);
    if (keywords || PyTuple_GET_SIZE(arguments) != wanted + 1 || self->root) {
        PyErr_SetString(PyExc_TypeError, "EntryReader takes the arguments that _entries.pyi says, once");
        return -1;
    }
    for (Py_ssize_t n = 0; n < wanted; n++)
        *kept[n] = Py_NewRef(PyTuple_GET_ITEM(arguments, n));
    self->is_atom = PyObject_IsTrue(PyTuple_GET_ITEM(arguments, wanted));
    if (!PyType_Check(self->element_type) || !PyObject_TypeCheck(self->root, (PyTypeObject *)self->element_type) ||
        ((PyTypeObject *)self->element_type)->tp_basicsize != sizeof(LxmlElement) || !is_tuple_type(self->entry_type) ||
        !is_tuple_type(self->text_type)) {
        PyErr_SetString(PyExc_TypeError, "the root must be an element of an lxml that is known, the others tuples");
        return -1;
    }
    return self->is_atom < 0 ? -1 : 0;
}

static int traverse(Reader *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->root);
    Py_VISIT(self->element_type);
    Py_VISIT(self->entry_type);
    Py_VISIT(self->text_type);
    Py_VISIT(self->no_text);
    Py_VISIT(self->kind_of);
    Py_VISIT(self->resolve);
    Py_VISIT(self->resolve_text);
    Py_VISIT(self->mended);
    Py_VISIT(self->looks_like_html);
    return 0;
}

static int clear(Reader *self)
{
    Py_CLEAR(self->root);
    Py_CLEAR(self->element_type);
    Py_CLEAR(self->entry_type);
    Py_CLEAR(self->text_type);
    Py_CLEAR(self->no_text);
    Py_CLEAR(self->kind_of);
    Py_CLEAR(self->resolve);
    Py_CLEAR(self->resolve_text);
    Py_CLEAR(self->mended);
    Py_CLEAR(self->looks_like_html);
    return 0;
}

static void deallocate(Reader *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef METHODS[] = {
    {"read", (PyCFunction)(void (*)(void))read_entry, METH_FASTCALL, "An entry and the depth of its title, or None."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot READER_SLOTS[] = {
    {Py_tp_init, initialise}, {Py_tp_traverse, traverse}, {Py_tp_clear, clear},
    {Py_tp_dealloc, deallocate}, {Py_tp_methods, METHODS}, {0, NULL},
};

static PyType_Spec READER = {
    "watcher.parse._entries.EntryReader", sizeof(Reader), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, READER_SLOTS,
};

static int prepare(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &READER, NULL);
    int failed = !type || PyModule_AddObjectRef(module, "EntryReader", type) < 0;
    Py_XDECREF(type);
    PyObject *kinds = PyDict_New();
    for (int n = 0; kinds && !failed && n < KIND_COUNT; n++) {
        PyObject *number = PyLong_FromLong(n);
        failed = !number || PyDict_SetItemString(kinds, KIND_NAMES[n], number) < 0;
        Py_XDECREF(number);
    }
    failed = failed || !kinds || PyModule_AddObjectRef(module, "KINDS", kinds) < 0;
    Py_XDECREF(kinds);
    return failed || PyModule_AddStringConstant(module, "SOURCE", SOURCE_SHA256) < 0 ? -1 : 0;
}

static PyModuleDef_Slot SLOTS[] = {{Py_mod_exec, prepare}, {0, NULL}};

static struct PyModuleDef MODULE = {PyModuleDef_HEAD_INIT, "_entries", NULL, 0, NULL, SLOTS, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__entries(void) { return PyModuleDef_Init(&MODULE); }

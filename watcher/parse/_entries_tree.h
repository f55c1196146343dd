/* Part of _entries.c: lxml's elements and libxml2's tree as far as they are read here, never written.
 *
 * These are the beginnings of public structures (lxml/etree.h, libxml/tree.h) whose order has not changed since
 * libxml2 2.0; declared here, so that neither library's headers are needed, and read only in versions that
 * compiled.py knows. Names and texts are UTF-8 and end with a NUL.
 */

typedef struct Namespace {
    struct Namespace *next;
    int type;
    const char *href, *prefix;
} Namespace;

typedef struct Attribute {
    void *private;
    int type;
    const char *name;
    struct Node *children, *last, *parent;
    struct Attribute *next, *previous;
    void *document;
    Namespace *namespace;
} Attribute;

typedef struct Node {
    void *private;
    int type;
    const char *name;
    struct Node *children, *last, *parent, *next, *previous;
    void *document;
    Namespace *namespace;
    const char *content;
    Attribute *attributes;
} Node;

typedef struct {
    PyObject_HEAD
    PyObject *document;
    Node *node;
    PyObject *tag;
} LxmlElement;

enum { ELEMENT_NODE = 1, TEXT_NODE = 3, CDATA_NODE = 4 };

/* What reading comes to: done; declined, so that the walk in Python has to do it; failed, with an exception set. */
typedef enum { DONE = 0, DECLINED = 1, FAILED = -1 } Status;

#define TRY(step)                                                                                                      \
    do {                                                                                                               \
        Status status_ = (step);                                                                                       \
        if (status_ != DONE)                                                                                           \
            return status_;                                                                                            \
    } while (0)

static int is_text(const Node *node) { return node->type == TEXT_NODE || node->type == CDATA_NODE; }

static int has_only_text(const Node *element)
{
    const Node *node = element->children;
    while (node && is_text(node))
        node = node->next;
    return !node;
}

static int is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static const char *past_blanks(const char *text)
{
    while (is_blank(*text))
        text++;
    return text;
}

/* `str.strip`: a new reference. */
static PyObject *all_stripped(PyObject *text)
{
    Py_ssize_t start = 0, end = PyUnicode_GET_LENGTH(text);
    while (start < end && Py_UNICODE_ISSPACE(PyUnicode_READ_CHAR(text, start)))
        start++;
    while (start < end && Py_UNICODE_ISSPACE(PyUnicode_READ_CHAR(text, end - 1)))
        end--;
    return PyUnicode_Substring(text, start, end);
}

/* The same for a text of which XML's own blanks have been taken. Takes over the reference. */
static PyObject *stripped(PyObject *text)
{
    if (text && !PyUnicode_IS_ASCII(text))
        Py_SETREF(text, all_stripped(text));
    return text;
}

static PyObject *decoded(const char *text, Py_ssize_t length)
{
    while (length && is_blank(text[length - 1]))
        length--;
    return stripped(PyUnicode_DecodeUTF8(text, length, NULL));
}

/* Several pieces, from the first that is not blank on, as one text. */
static PyObject *joined(const Node *first, size_t length)
{
    char *buffer = PyMem_Malloc(length + 1), *end = buffer;
    if (!buffer)
        return PyErr_NoMemory();
    for (const Node *node = first; node; node = node->next) {
        size_t piece = node->content ? strlen(node->content) : 0;
        if (piece)
            memcpy(end, node->content, piece);
        end += piece;
    }
    const char *start = buffer;
    *end = 0;
    start = past_blanks(start);
    PyObject *text = decoded(start, end - start);
    PyMem_Free(buffer);
    return text;
}

/* `(element.text or "").strip()` of an element that has nothing but text: a new reference. */
static Status text_of(const Node *element, PyObject **text)
{
    const Node *first = NULL;
    size_t length = 0;
    int solid = 0;
    if (!has_only_text(element))
        return DECLINED;
    for (const Node *node = element->children; node; node = node->next) {
        int blank = !node->content || !*past_blanks(node->content);
        if (blank && !first)
            continue;
        first = first ? first : node;
        solid += !blank;
        length += node->content ? strlen(node->content) : 0;
    }
    if (!first)
        *text = PyUnicode_FromStringAndSize(NULL, 0);
    else if (solid == 1) {
        const char *start = past_blanks(first->content);
        *text = decoded(start, (Py_ssize_t)strlen(start));
    } else
        *text = joined(first, length);
    return *text ? DONE : FAILED;
}

/* ---- Attributes, by lower-case names. */

static int same_but_for_case(const char *written, const char *lower)
{
    while (*lower && (*written >= 'A' && *written <= 'Z' ? *written | 0x20 : *written) == *lower)
        written++, lower++;
    return !*lower && !*written;
}

static int is_ascii(const char *text)
{
    while (*text && !(*text & 0x80))
        text++;
    return !*text;
}

/* Whether a handler asks for an attribute of this name; `base` and `lang` are asked for on every element. */
static int is_asked_for(const char *name)
{
    static const char *const NAMES[] = {"url",    "uri",    "href",  "rel",         "type", "mode", "term",
                                        "scheme", "domain", "label", "ispermalink", "base", "lang"};
    for (size_t n = 0; n < Py_ARRAY_LENGTH(NAMES); n++)
        if (same_but_for_case(name, NAMES[n]))
            return 1;
    return 0;
}

static int is_of_xml(const Namespace *namespace)
{
    return namespace->href && !strcmp(namespace->href, "http://www.w3.org/XML/1998/namespace");
}

/* Declines attributes that go by another's name, because their namespace is unknown, and, with `scope`, those that
 * change the base or language. */
static Status check_attributes(const Node *element, int scope)
{
    for (const Attribute *attribute = element->attributes; attribute; attribute = attribute->next) {
        const Namespace *namespace = attribute->namespace;
        if (!is_ascii(attribute->name))
            return DECLINED;
        if (namespace && !is_of_xml(namespace) && is_asked_for(attribute->name))
            return DECLINED;
        if (scope && (same_but_for_case(attribute->name, "base") || same_but_for_case(attribute->name, "lang")))
            return DECLINED;
    }
    return DONE;
}

/* The value of an attribute without a namespace; NULL when there is none. Of several that differ in case, the last. */
static Status raw_attribute(const Node *element, const char *name, const char **value)
{
    *value = NULL;
    for (const Attribute *attribute = element->attributes; attribute; attribute = attribute->next) {
        if (attribute->namespace || !same_but_for_case(attribute->name, name))
            continue;
        const Node *text = attribute->children;
        if (text && (text->next || text->type != TEXT_NODE))
            return DECLINED;
        *value = text && text->content ? text->content : "";
    }
    return DONE;
}

/* The same as a string, a new reference. */
static Status attribute(const Node *element, const char *name, PyObject **value)
{
    const char *raw;
    *value = NULL;
    TRY(raw_attribute(element, name, &raw));
    if (raw && !(*value = PyUnicode_DecodeUTF8(raw, (Py_ssize_t)strlen(raw), NULL)))
        return FAILED;
    return DONE;
}

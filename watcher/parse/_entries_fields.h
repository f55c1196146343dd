/* Part of _entries.c: what an entry gathers while it is read; context.py says why each rule is as it is. */

/* A field; what stands deeper does not replace what stands higher. Set without a depth, it can always be replaced. */
typedef struct {
    PyObject *value;
    int depth;
} Field;

enum { NO_DEPTH = -1, UNSAID = -1 };

typedef struct {
    Reader *reader;
    PyObject *base, *language_in_scope; /* borrowed */
    Field id, link, title, summary, author, published, updated, language, source_title, source_link;
    int title_markup, summary_markup; /* UNSAID until a text of its own is stored */
    PyObject *title_language, *contents, *categories;
    int title_depth, has_content, top;
    /* The last category: whether there is one, whether it has a name, whether that or its label is in the list. */
    int has_category, is_named, is_listed;
    /* The last author. */
    Py_ssize_t authors;
    int has_detail;
    PyObject *name, *email;
} Entry;

static void forget(Entry *entry)
{
    Field *const fields[] = {&entry->id,        &entry->link,    &entry->title,    &entry->summary,      &entry->author,
                             &entry->published, &entry->updated, &entry->language, &entry->source_title, &entry->source_link};
    for (size_t n = 0; n < Py_ARRAY_LENGTH(fields); n++)
        Py_CLEAR(fields[n]->value);
    Py_CLEAR(entry->title_language);
    Py_CLEAR(entry->contents);
    Py_CLEAR(entry->categories);
    Py_CLEAR(entry->name);
    Py_CLEAR(entry->email);
}

/* All of these take over the reference to the value. */

static void set(Field *field, PyObject *value) { Py_XSETREF(field->value, value); }

static void set_default(Field *field, PyObject *value)
{
    if (field->value)
        Py_DECREF(value);
    else
        field->value = value;
}

static void store(Field *field, PyObject *value, int depth)
{
    if (field->depth != NO_DEPTH && depth > field->depth) {
        Py_DECREF(value);
        return;
    }
    field->depth = depth;
    set(field, value);
}

static int is_empty(PyObject *text) { return !text || !PyUnicode_GET_LENGTH(text); }

/* A RawText; it is a named tuple. */
static PyObject *raw_text(Reader *reader, PyObject *value, int markup)
{
    PyTypeObject *type = (PyTypeObject *)reader->text_type;
    PyObject *text = type->tp_alloc(type, 2);
    if (!text)
        return NULL;
    PyTuple_SET_ITEM(text, 0, Py_NewRef(value));
    PyTuple_SET_ITEM(text, 1, Py_NewRef(markup ? Py_True : Py_False));
    return text;
}

/* A content; the first text of an entry is its summary, too. */
static Status add_content(Entry *entry, PyObject *value, int markup)
{
    PyObject *text = raw_text(entry->reader, value, markup);
    int failed = !text || PyList_Append(entry->contents, text) < 0;
    Py_XDECREF(text);
    set_default(&entry->summary, value);
    return failed ? FAILED : DONE;
}

static Status add_category(Entry *entry, PyObject *term, PyObject *scheme, PyObject *label)
{
    if (is_empty(term) && is_empty(scheme) && is_empty(label))
        return DONE;
    PyObject *shown = is_empty(term) ? label : term;
    entry->has_category = 1;
    entry->is_named = !is_empty(term);
    entry->is_listed = !is_empty(shown);
    return entry->is_listed && PyList_Append(entry->categories, shown) < 0 ? FAILED : DONE;
}

/* The text of a category names the last one if that has no name yet, else it is one of its own. */
static Status add_category_text(Entry *entry, PyObject *value)
{
    int names_the_last = entry->has_category && !entry->is_named;
    Py_ssize_t count = PyList_GET_SIZE(entry->categories);
    int failed = names_the_last && entry->is_listed
                     ? PyList_SetItem(entry->categories, count - 1, Py_NewRef(value)) < 0
                     : PyList_Append(entry->categories, value) < 0;
    entry->has_category = entry->is_named = entry->is_listed = 1;
    return failed ? FAILED : DONE;
}

static void add_author(Entry *entry)
{
    entry->authors++;
    entry->has_detail = 0;
    Py_CLEAR(entry->name);
    Py_CLEAR(entry->email);
}

/* Name and e-mail of the last author become the author; without them, an earlier one lends its name. */
static Status settle_author(Entry *entry)
{
    if (entry->has_detail) {
        int named = !is_empty(entry->name), mailed = !is_empty(entry->email);
        if (!named && !mailed)
            return DONE;
        PyObject *author = named && mailed ? PyUnicode_FromFormat("%U (%U)", entry->name, entry->email)
                                           : Py_NewRef(named ? entry->name : entry->email);
        if (!author)
            return FAILED;
        set(&entry->author, author);
    } else if (!is_empty(entry->author.value) && entry->authors) {
        Py_ssize_t length = PyUnicode_GET_LENGTH(entry->author.value);
        if (entry->authors > 1 && PyUnicode_FindChar(entry->author.value, '@', 0, length, 1) >= 0)
            return DECLINED;
        Py_XSETREF(entry->name, Py_NewRef(entry->author.value));
        entry->has_detail = 1;
    }
    return DONE;
}

/* ---- The outcome: a RawEntry. */

static PyObject *or_empty(const Field *field)
{
    return field->value ? Py_NewRef(field->value) : PyUnicode_FromStringAndSize(NULL, 0);
}

static PyObject *text_or_none(Reader *reader, const Field *field, int markup)
{
    return is_empty(field->value) ? Py_NewRef(reader->no_text) : raw_text(reader, field->value, markup);
}

/* The summary; where it was made from a content, it is of that one's type. */
static PyObject *summary(Entry *entry)
{
    PyObject *value = entry->summary.value;
    for (Py_ssize_t n = 0; value && entry->summary_markup == UNSAID && n < PyList_GET_SIZE(entry->contents); n++) {
        PyObject *content = PyList_GET_ITEM(entry->contents, n);
        PyObject *text = PyTuple_GET_ITEM(content, 0);
        if (text == value || PyUnicode_Compare(text, value) == 0)
            return Py_NewRef(content);
    }
    return text_or_none(entry->reader, &entry->summary, entry->summary_markup);
}

static PyObject *outcome(Entry *entry)
{
    PyTypeObject *type = (PyTypeObject *)entry->reader->entry_type;
    PyObject *language = !is_empty(entry->language.value) ? entry->language.value : entry->title_language;
    PyObject *const fields[] = {
        or_empty(&entry->id),
        or_empty(&entry->link),
        text_or_none(entry->reader, &entry->title, entry->title_markup),
        summary(entry),
        Py_NewRef(entry->contents),
        or_empty(&entry->author),
        or_empty(&entry->published),
        or_empty(&entry->updated),
        Py_NewRef(entry->categories),
        Py_NewRef(language ? language : Py_None),
        or_empty(&entry->source_title),
        or_empty(&entry->source_link),
    };
    PyObject *raw = type->tp_alloc(type, Py_ARRAY_LENGTH(fields));
    for (size_t n = 0; n < Py_ARRAY_LENGTH(fields); n++) {
        if (!fields[n])
            Py_CLEAR(raw);
        if (raw)
            PyTuple_SET_ITEM(raw, (Py_ssize_t)n, fields[n]);
        else
            Py_XDECREF(fields[n]);
    }
    return raw;
}

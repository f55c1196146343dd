/* Part of _entries.c: one handler for each kind of element, after those of handlers.py by the same names.
 *
 * A handler gets an element whose attributes it may ask for; it declines whatever is not plain.
 */

typedef Status Handler(Entry *entry, const Node *element, int depth);

static Status read_children(Entry *entry, const Node *element, int depth);

static Status title(Entry *entry, const Node *element, int depth)
{
    PyObject *value;
    int markup;
    TRY(check_attributes(element, 1));
    TRY(construct(entry, element, PLAIN, &value, &markup));
    int counts = !is_empty(value);
    if (entry->title_depth > -1 && entry->title_depth <= depth)
        Py_DECREF(value);
    else {
        store(&entry->title, value, depth);
        entry->title_markup = markup;
        Py_XSETREF(entry->title_language, Py_NewRef(entry->language_in_scope));
    }
    if (counts)
        entry->title_depth = depth;
    return DONE;
}

static Status media_title(Entry *entry, const Node *element, int depth)
{
    int title_depth = entry->title_depth;
    TRY(title(entry, element, depth));
    entry->title_depth = title_depth;
    return DONE;
}

static Status content_of_type(Entry *entry, const Node *element, int type)
{
    PyObject *value;
    int markup;
    TRY(check_attributes(element, 0));
    TRY(construct(entry, element, type, &value, &markup));
    entry->has_content = 1;
    return add_content(entry, value, markup);
}

static Status content(Entry *entry, const Node *element, int depth) { return content_of_type(entry, element, PLAIN); }

static Status content_encoded(Entry *entry, const Node *element, int depth)
{
    return content_of_type(entry, element, HTML);
}

static Status summary_of_type(Entry *entry, const Node *element, int depth, int type)
{
    PyObject *value;
    int markup;
    TRY(check_attributes(element, 0));
    TRY(construct(entry, element, type, &value, &markup));
    store(&entry->summary, value, depth);
    entry->summary_markup = markup;
    return DONE;
}

static Status description(Entry *entry, const Node *element, int depth)
{
    if (entry->summary.value && !entry->has_content)
        return content(entry, element, depth);
    return summary_of_type(entry, element, depth, HTML);
}

static Status summary_element(Entry *entry, const Node *element, int depth)
{
    if (entry->summary.value && !entry->has_content)
        return content(entry, element, depth);
    return summary_of_type(entry, element, depth, PLAIN);
}

static Status abstract(Entry *entry, const Node *element, int depth)
{
    return summary_of_type(entry, element, depth, PLAIN);
}

static Status other_text(Entry *entry, const Node *element, int depth)
{
    return has_only_text(element) ? DONE : DECLINED;
}

/* Takes over the reference; gives a new one, NULL with an exception set. */
static PyObject *resolved(Entry *entry, PyObject *address)
{
    if (!address || is_plain_address(address))
        return address;
    PyObject *result = PyObject_CallFunctionObjArgs(entry->reader->resolve, entry->base, address, NULL);
    Py_DECREF(address);
    return result;
}

static Status guid(Entry *entry, const Node *element, int depth)
{
    const char *said;
    PyObject *value;
    TRY(check_attributes(element, 1));
    TRY(raw_attribute(element, "ispermalink", &said));
    TRY(value_of(entry, element, &value));
    int is_link = !said || !strcmp(said, "true");
    if (is_link && !is_empty(value) && !(value = resolved(entry, value)))
        return FAILED;
    if (is_link)
        set_default(&entry->link, Py_NewRef(value));
    store(&entry->id, value, depth);
    return DONE;
}

static Status link_text(Entry *entry, const Node *element)
{
    PyObject *value;
    TRY(value_of(entry, element, &value));
    if (!is_empty(value) && !is_plain_address(value)) /* a plain one has no `;`, so that nothing in it looks like a reference */
        Py_SETREF(value, PyObject_CallFunctionObjArgs(entry->reader->resolve_text, entry->base, value, NULL));
    if (!value)
        return FAILED;
    set(&entry->link, value);
    return DONE;
}

static int is_markup_type(const char *type)
{
    return same_but_for_case(type, "html") || same_but_for_case(type, "text/html") ||
           same_but_for_case(type, "xhtml") || same_but_for_case(type, "application/xhtml+xml");
}

static Status link_element(Entry *entry, const Node *element, int depth)
{
    const char *url, *uri, *href, *rel, *type;
    TRY(check_attributes(element, 1));
    TRY(raw_attribute(element, "href", &href));
    TRY(raw_attribute(element, "uri", &uri));
    TRY(raw_attribute(element, "url", &url));
    const char *address = url ? url : uri ? uri : href;
    if (!address || !*address)
        address = href;
    if (!address)
        return link_text(entry, element);
    if (!has_only_text(element))
        return DECLINED;
    TRY(raw_attribute(element, "rel", &rel));
    TRY(raw_attribute(element, "type", &type));
    if ((rel && !same_but_for_case(rel, "alternate")) || (type && !is_markup_type(type)))
        return DONE;
    PyObject *value = resolved(entry, PyUnicode_DecodeUTF8(address, (Py_ssize_t)strlen(address), NULL));
    if (!value)
        return FAILED;
    set(&entry->link, value);
    return DONE;
}

/* A name or an e-mail address of an author, or an address, which is not kept. */
static Status person_part(Entry *entry, const Node *element, PyObject **slot)
{
    PyObject *value;
    TRY(text_of(element, &value));
    Status status = settle_author(entry);
    if (status == DONE) {
        entry->has_detail = 1;
        if (slot)
            Py_XSETREF(*slot, Py_NewRef(value));
    }
    Py_DECREF(value);
    return status;
}

static Status person_parts(Entry *entry, const Node *author)
{
    for (const Node *child = author->children; child; child = child->next) {
        if (is_text(child)) {
            if (child->content && *past_blanks(child->content))
                return DECLINED;
            continue;
        }
        int kind;
        TRY(kind_of(entry->reader, child, &kind));
        if (kind == NAME)
            TRY(person_part(entry, child, &entry->name));
        else if (kind == EMAIL)
            TRY(person_part(entry, child, &entry->email));
        else if (kind == HOMEPAGE)
            TRY(person_part(entry, child, NULL));
        else if (kind != UNKNOWN_QUALIFIED || child->children)
            return DECLINED;
    }
    return DONE;
}

static Status author(Entry *entry, const Node *element, int depth)
{
    PyObject *text;
    add_author(entry);
    if (has_only_text(element))
        TRY(value_of(entry, element, &text));
    else {
        TRY(person_parts(entry, element));
        text = PyUnicode_FromStringAndSize(NULL, 0);
    }
    store(&entry->author, text, depth);
    return settle_author(entry);
}

static Status category_attributes(Entry *entry, const Node *element, const char *default_scheme)
{
    PyObject *term = NULL, *scheme = NULL, *label = NULL;
    Status status = attribute(element, "term", &term);
    status = status == DONE ? attribute(element, "scheme", &scheme) : status;
    status = status == DONE && !scheme ? attribute(element, "domain", &scheme) : status;
    if (status == DONE && !scheme && default_scheme && !(scheme = PyUnicode_FromString(default_scheme)))
        status = FAILED;
    status = status == DONE ? attribute(element, "label", &label) : status;
    status = status == DONE ? add_category(entry, term, scheme, label) : status;
    Py_XDECREF(term);
    Py_XDECREF(scheme);
    Py_XDECREF(label);
    return status;
}

static Status category_of(Entry *entry, const Node *element, const char *default_scheme)
{
    PyObject *value;
    TRY(check_attributes(element, 0));
    if (element->attributes)
        TRY(category_attributes(entry, element, default_scheme));
    TRY(value_of(entry, element, &value));
    Status status = is_empty(value) ? DONE : add_category_text(entry, value);
    Py_DECREF(value);
    return status;
}

static Status category(Entry *entry, const Node *element, int depth) { return category_of(entry, element, NULL); }

static Status media_category(Entry *entry, const Node *element, int depth)
{
    return category_of(entry, element, "http://search.yahoo.com/mrss/category_schema");
}

/* Terms with commas between them; feedparser takes an element with attributes for something else. */
static Status keywords(Entry *entry, const Node *element, int depth)
{
    PyObject *value;
    if (element->attributes)
        return has_only_text(element) ? DONE : DECLINED;
    TRY(value_of(entry, element, &value));
    PyObject *comma = PyUnicode_FromString(","), *terms = comma ? PyUnicode_Split(value, comma, -1) : NULL;
    Status status = terms ? DONE : FAILED;
    for (Py_ssize_t n = 0; status == DONE && n < PyList_GET_SIZE(terms); n++) {
        PyObject *term = all_stripped(PyList_GET_ITEM(terms, n));
        status = term ? add_category(entry, term, NULL, NULL) : FAILED;
        Py_XDECREF(term);
    }
    Py_XDECREF(comma);
    Py_XDECREF(terms);
    Py_DECREF(value);
    return status;
}

static Status published(Entry *entry, const Node *element, int depth)
{
    return store_value(entry, element, depth, &entry->published);
}

static Status updated(Entry *entry, const Node *element, int depth)
{
    return store_value(entry, element, depth, &entry->updated);
}

static Status language(Entry *entry, const Node *element, int depth)
{
    return store_value(entry, element, depth, &entry->language);
}

/* An RSS source; an Atom one has elements. */
static Status source(Entry *entry, const Node *element, int depth)
{
    PyObject *url, *text;
    TRY(check_attributes(element, 0));
    TRY(value_of(entry, element, &text));
    entry->title_depth = -1;
    set(&entry->source_title, text);
    TRY(attribute(element, "url", &url));
    set(&entry->source_link, url);
    return DONE;
}

static Status image(Entry *entry, const Node *element, int depth)
{
    entry->title_depth = -1;
    return has_only_text(element) ? DONE : DECLINED;
}

/* What does not show in our fields, unless in what it has inside. */
static Status unknown(Entry *entry, const Node *element, int depth)
{
    if (has_only_text(element))
        return DONE;
    TRY(check_attributes(element, 1));
    return read_children(entry, element, depth);
}

static Status nothing_of_its_own(Entry *entry, const Node *element, int depth)
{
    return has_only_text(element) ? DONE : DECLINED;
}

static Status not_read_here(Entry *entry, const Node *element, int depth) { return DECLINED; }

static Handler *const HANDLERS[] = {
    [NOT_READ_HERE] = not_read_here,
    [UNKNOWN] = unknown,
    [UNKNOWN_QUALIFIED] = unknown,
    [TITLE] = title,
    [MEDIA_TITLE] = media_title,
    [DESCRIPTION] = description,
    [ABSTRACT] = abstract,
    [SUMMARY] = summary_element,
    [CONTENT] = content,
    [CONTENT_ENCODED] = content_encoded,
    [OTHER_TEXT] = other_text,
    [GUID] = guid,
    [LINK] = link_element,
    [AUTHOR] = author,
    [NAME] = nothing_of_its_own,
    [EMAIL] = nothing_of_its_own,
    [HOMEPAGE] = nothing_of_its_own,
    [CATEGORY] = category,
    [MEDIA_CATEGORY] = media_category,
    [KEYWORDS] = keywords,
    [PUBLISHED] = published,
    [UPDATED] = updated,
    [LANGUAGE] = language,
    [SOURCE] = source,
    [IMAGE] = image,
};

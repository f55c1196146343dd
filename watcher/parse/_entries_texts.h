/* Part of _entries.c: the texts of elements, and whether they are markup, after walk.py. */

enum { PLAIN, HTML };

/* UTF-8 that was read as Latin-1: only what Latin-1 can write may be that. Takes over the reference. */
static Status mend(Reader *reader, PyObject **text)
{
    if (PyUnicode_IS_ASCII(*text) || PyUnicode_KIND(*text) != PyUnicode_1BYTE_KIND)
        return DONE;
    Py_SETREF(*text, PyObject_CallOneArg(reader->mended, *text));
    return *text ? DONE : FAILED;
}

static Status value_of(Entry *entry, const Node *element, PyObject **value)
{
    TRY(text_of(element, value));
    return mend(entry->reader, value);
}

static Status store_value(Entry *entry, const Node *element, int depth, Field *field)
{
    PyObject *value;
    TRY(value_of(entry, element, &value));
    store(field, value, depth);
    return DONE;
}

/* Whether a plain text may be markup that says nothing of it. */
static Status guess_markup(Reader *reader, PyObject *value, int *markup)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(value);
    if (PyUnicode_FindChar(value, '&', 0, length, 1) < 0 && PyUnicode_FindChar(value, '<', 0, length, 1) < 0)
        return DONE;
    PyObject *looks = PyObject_CallOneArg(reader->looks_like_html, value);
    *markup = looks ? PyObject_IsTrue(looks) : -1;
    Py_XDECREF(looks);
    return *markup < 0 ? FAILED : DONE;
}

/* A text construct (RFC 4287 §3.1), and whether it is markup. */
static Status construct(Entry *entry, const Node *element, int type, PyObject **value, int *markup)
{
    const char *said, *mode;
    if (element->attributes) {
        TRY(raw_attribute(element, "type", &said));
        TRY(raw_attribute(element, "mode", &mode));
        if (mode && !strcmp(mode, "base64"))
            return DECLINED;
        if (said && (same_but_for_case(said, "html") || same_but_for_case(said, "text/html")))
            type = HTML;
        else if (said && (same_but_for_case(said, "text") || same_but_for_case(said, "plain") ||
                          same_but_for_case(said, "text/plain")))
            type = PLAIN;
        else if (said)
            return DECLINED;
    }
    TRY(value_of(entry, element, value));
    *markup = type == HTML;
    if (type == PLAIN && !entry->reader->is_atom && guess_markup(entry->reader, *value, markup) != DONE) {
        Py_CLEAR(*value);
        return FAILED;
    }
    return DONE;
}

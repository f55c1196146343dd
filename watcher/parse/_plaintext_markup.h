/* Part of _plaintext.c: what is hidden, and tags, taken out of a text in place. */

static const char *const BLOCKS[26] = {
    ['a' - 'a'] = "address article aside ",
    ['b' - 'a'] = "blockquote br ",
    ['c' - 'a'] = "caption center ",
    ['d' - 'a'] = "dd details div dl dt ",
    ['f' - 'a'] = "fieldset figcaption figure footer form ",
    ['h' - 'a'] = "h1 h2 h3 h4 h5 h6 header hr ",
    ['l' - 'a'] = "legend li ",
    ['m' - 'a'] = "main ",
    ['n' - 'a'] = "nav ",
    ['o' - 'a'] = "ol option ",
    ['p' - 'a'] = "p pre ",
    ['s' - 'a'] = "section summary ",
    ['t' - 'a'] = "table tbody td tfoot th thead tr ",
    ['u' - 'a'] = "ul ",
};
#define LONGEST_BLOCK 10

INLINE int is_letter(Py_UCS4 c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
INLINE int is_digit(Py_UCS4 c) { return c >= '0' && c <= '9'; }
INLINE int is_hex(Py_UCS4 c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }
INLINE int is_space(Py_UCS4 c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
INLINE Py_UCS4 lower(Py_UCS4 c) { return c >= 'A' && c <= 'Z' ? c | 0x20 : c; }

/* ---- Scanning: each gives a position up to `end`, which means that there is none. */

INLINE Py_ssize_t find(int kind, const void *data, Py_ssize_t i, Py_ssize_t end, Py_UCS4 wanted)
{
    if (kind == PyUnicode_1BYTE_KIND) {
        const char *found = i < end ? memchr((const char *)data + i, (int)wanted, (size_t)(end - i)) : NULL;
        return found ? found - (const char *)data : end;
    }
    while (i < end && READ(kind, data, i) != wanted)
        i++;
    return i;
}

INLINE Py_ssize_t find_angle(int kind, const void *data, Py_ssize_t i, Py_ssize_t end)
{
    while (i < end && READ(kind, data, i) != '<' && READ(kind, data, i) != '>')
        i++;
    return i;
}

/* Whether `word`, in lower case, stands here in any case. */
INLINE int stands(int kind, const void *data, Py_ssize_t i, Py_ssize_t end, const char *word)
{
    for (; *word; word++, i++)
        if (i >= end || lower(READ(kind, data, i)) != (Py_UCS4)*word)
            return 0;
    return 1;
}

INLINE Py_ssize_t skip_spaces(int kind, const void *data, Py_ssize_t i, Py_ssize_t end)
{
    while (i < end && is_space(READ(kind, data, i)))
        i++;
    return i;
}

INLINE Py_ssize_t move(int kind, void *data, Py_ssize_t to, Py_ssize_t from, Py_ssize_t end)
{
    if (to != from)
        memmove((char *)data + to * kind, (char *)data + from * kind, (size_t)((end - from) * kind));
    return to + (end - from);
}

/* ---- Comments, scripts, styles, templates (_HIDDEN). */

INLINE Py_ssize_t comment_end(int kind, const void *data, Py_ssize_t i, Py_ssize_t end)
{
    while ((i = find(kind, data, i, end, '-')) < end) {
        if (stands(kind, data, i, end, "-->"))
            return i + 3;
        i++;
    }
    return end;
}

INLINE Py_ssize_t element_end(int kind, const void *data, Py_ssize_t i, Py_ssize_t end, const char *name)
{
    while ((i = find(kind, data, i, end, '<')) < end) {
        if (stands(kind, data, i + 1, end, "/") && stands(kind, data, i + 2, end, name)) {
            Py_ssize_t after = skip_spaces(kind, data, i + 2 + (Py_ssize_t)strlen(name), end);
            if (after < end && READ(kind, data, after) == '>')
                return after + 1;
        }
        i++;
    }
    return end;
}

/* The end of what is hidden from this `<` on; `i` itself when nothing is. */
INLINE Py_ssize_t hidden_end(int kind, const void *data, Py_ssize_t i, Py_ssize_t end)
{
    static const char *const NAMES[] = {"script", "style", "template"};
    if (i + 1 >= end)
        return i;
    Py_UCS4 next = lower(READ(kind, data, i + 1));
    if (next == '!')
        return stands(kind, data, i + 1, end, "!--") ? comment_end(kind, data, i + 4, end) : i;
    if (next != 's' && next != 't')
        return i;
    for (int n = 0; n < 3; n++) {
        if (!stands(kind, data, i + 1, end, NAMES[n]))
            continue;
        Py_ssize_t after = i + 1 + (Py_ssize_t)strlen(NAMES[n]);
        Py_UCS4 c = after < end ? READ(kind, data, after) : ' ';
        if (is_letter(c) || is_digit(c) || c == '_')
            return i;
        after = find_angle(kind, data, after, end);
        if (after >= end || READ(kind, data, after) != '>')
            return i;
        return element_end(kind, data, after + 1, end, NAMES[n]);
    }
    return i;
}

INLINE Py_ssize_t without_hidden(int kind, void *data, Py_ssize_t end)
{
    Py_ssize_t in = 0, out = 0, angle = 0;
    while ((angle = find(kind, data, angle, end, '<')) < end) {
        Py_ssize_t after = hidden_end(kind, data, angle, end);
        if (after == angle) {
            angle++;
            continue;
        }
        out = move(kind, data, out, in, angle);
        in = angle = after;
    }
    return move(kind, data, out, in, end);
}

/* ---- Tags (_TAG, _TAG_WITHOUT_QUOTES). */

INLINE int is_block(int kind, const void *data, Py_ssize_t name, Py_ssize_t end)
{
    const char *candidate = BLOCKS[lower(READ(kind, data, name)) - 'a'];
    if (!candidate || end - name > LONGEST_BLOCK)
        return 0;
    while (*candidate) {
        Py_ssize_t i = name;
        while (i < end && lower(READ(kind, data, i)) == (Py_UCS4)*candidate)
            i++, candidate++;
        if (i == end && *candidate == ' ')
            return 1;
        while (*candidate++ != ' ')
            ;
    }
    return 0;
}

INLINE Py_ssize_t name_end(int kind, const void *data, Py_ssize_t i, Py_ssize_t end)
{
    while (i < end && (is_letter(READ(kind, data, i)) || is_digit(READ(kind, data, i))))
        i++;
    return i;
}

/* Past attributes (_ATTRIBUTES); at the `<` or `>` that stops them, or at the end. */
INLINE Py_ssize_t attributes_end(int kind, const void *data, Py_ssize_t i, Py_ssize_t end)
{
    for (; i < end; i++) {
        Py_UCS4 c = READ(kind, data, i);
        if (c == '<' || c == '>')
            return i;
        if (c != '=')
            continue;
        Py_ssize_t value = i + 1;
        while (value < end && is_space(c = READ(kind, data, value)) && c != '\v')
            value++;
        if (value < end && ((c = READ(kind, data, value)) == '"' || c == '\'')) {
            Py_ssize_t close = find(kind, data, value + 1, end, c);
            value = close < end ? close + 1 : value;
        }
        i = value - 1;
    }
    return end;
}

/* What begins with a `<`: its end, and what it is. */
typedef struct {
    Py_ssize_t end;
    enum { LITERAL, TAG, BLOCK, UNFINISHED } what;
} Piece;

INLINE Piece piece_at(int kind, const void *data, Py_ssize_t i, Py_ssize_t end, int quotes)
{
    Piece piece = {i + 1, LITERAL};
    Py_UCS4 next = i + 1 < end ? READ(kind, data, i + 1) : ' ';
    Py_ssize_t name = i + 1 + (next == '/');
    int has_name = name < end && is_letter(READ(kind, data, name));
    if (!has_name && next != '/' && next != '!' && next != '?')
        return piece;
    Py_ssize_t after = has_name ? name_end(kind, data, name, end) : i + 2;
    int block = has_name && is_block(kind, data, name, after);
    after = has_name && quotes ? attributes_end(kind, data, after, end) : find_angle(kind, data, after, end);
    if (after < end && READ(kind, data, after) == '>')
        return (Piece){after + 1, block ? BLOCK : TAG};
    return has_name && quotes ? (Piece){after, UNFINISHED} : piece;
}

/* Moves text down to `out` without its tags; gives the new end. What never ends is gone over once more, without quotes. */
INLINE Py_ssize_t without_tags(int kind, void *data, Py_ssize_t end)
{
    Py_ssize_t in = 0, out = 0, simple_until = 0;
    while (in < end) {
        int quotes = in >= simple_until;
        Py_ssize_t until = quotes ? end : simple_until;
        Py_ssize_t angle = find(kind, data, in, until, '<');
        out = move(kind, data, out, in, angle);
        in = angle;
        if (angle == until)
            continue;
        Piece piece = piece_at(kind, data, angle, until, quotes);
        if (piece.what == UNFINISHED) {
            simple_until = piece.end;
            continue;
        }
        if (piece.what == LITERAL)
            out = move(kind, data, out, in, piece.end);
        else if (piece.what == BLOCK)
            WRITE(kind, data, out++, BREAK);
        in = piece.end;
    }
    return out;
}

/* Part of _normalise.c: the two common forms of dates, after dates.py; every other text is asked of that. */

/* Reads exactly `count` digits; -1 when they are not there. */
static int digits(const char **c, int count)
{
    int value = 0;
    for (; count; count--, (*c)++) {
        if (!Py_ISDIGIT(**c))
            return -1;
        value = value * 10 + (**c - '0');
    }
    return value;
}

static int take(const char **c, char wanted)
{
    if (**c != wanted)
        return 0;
    (*c)++;
    return 1;
}

static int spaces(const char **c)
{
    const char *start = *c;
    while (**c == ' ')
        (*c)++;
    return *c > start;
}

/* Which of the three-letter names stands here, in any case; -1 for none of them. */
static int name_at(const char **c, const char *names)
{
    char word[3];
    for (int n = 0; n < 3; n++) {
        if (!Py_ISALPHA((*c)[n]))
            return -1;
        word[n] = (char)((*c)[n] | 0x20);
    }
    for (int n = 0; names[n]; n += 3)
        if (!memcmp(names + n, word, 3)) {
            *c += 3;
            return n / 3;
        }
    return -1;
}

typedef struct {
    int year, month, day, hour, minute, second, offset; /* in minutes east of UTC */
} Moment;

/* `+01:00`, `-0530`. */
static int read_offset(const char **c, Moment *moment)
{
    int sign = **c == '-' ? -1 : 1;
    if (!take(c, '+') && !take(c, '-'))
        return 0;
    int hours = digits(c, 2);
    if (hours < 0)
        return 0;
    take(c, ':');
    int minutes = digits(c, 2);
    moment->offset = sign * (hours * 60 + minutes);
    return minutes >= 0;
}

static int read_minutes(const char **c, Moment *moment)
{
    return (moment->hour = digits(c, 2)) >= 0 && take(c, ':') && (moment->minute = digits(c, 2)) >= 0;
}

static int is_zone_name(const char *c)
{
    static const char *const NAMES[] = {"gmt", "utc", "ut", "z"};
    for (size_t n = 0; n < Py_ARRAY_LENGTH(NAMES); n++) {
        const char *name = NAMES[n], *at = c;
        while (*name && Py_ISALPHA(*at) && (*at | 0x20) == *name)
            at++, name++;
        if (!*name && !*at)
            return 1;
    }
    return 0;
}

/* dates._RFC822 */
static int read_rfc822(const char *c, Moment *moment)
{
    if (name_at(&c, "montuewedthufrisatsun") >= 0) {
        while (Py_ISALPHA(*c))
            c++;
        take(&c, ',');
        if (!spaces(&c))
            return 0;
    }
    moment->day = digits(&c, Py_ISDIGIT(*c) && Py_ISDIGIT(c[1]) ? 2 : 1);
    if (moment->day < 0 || !spaces(&c) || (moment->month = 1 + name_at(&c, "janfebmaraprmayjunjulaugsepoctnovdec")) < 1 ||
        !spaces(&c) || (moment->year = digits(&c, 4)) < 0 || !spaces(&c) || !read_minutes(&c, moment))
        return 0;
    if (take(&c, ':') && (moment->second = digits(&c, 2)) < 0)
        return 0;
    if (!spaces(&c))
        return 0;
    return is_zone_name(c) || (read_offset(&c, moment) && !*c);
}

/* dates._W3C */
static int read_w3c(const char *c, Moment *moment)
{
    if ((moment->year = digits(&c, 4)) < 0 || !take(&c, '-') || (moment->month = digits(&c, 2)) < 0 ||
        !take(&c, '-') || (moment->day = digits(&c, 2)) < 0 || !(take(&c, 'T') || take(&c, 't') || take(&c, ' ')) ||
        !read_minutes(&c, moment))
        return 0;
    if (take(&c, ':')) {
        if ((moment->second = digits(&c, 2)) < 0)
            return 0;
        if (take(&c, '.')) {
            if (digits(&c, 1) < 0)
                return 0;
            while (Py_ISDIGIT(*c))
                c++;
        }
    }
    if (!*c)
        return 1;
    take(&c, ' ');
    if (take(&c, 'Z') || take(&c, 'z'))
        return !*c;
    return read_offset(&c, moment) && !*c;
}

static int days_in(int year, int month)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return DAYS[month - 1] + (month == 2 && year % 4 == 0 && (year % 100 || year % 400 == 0));
}

static int is_real(const Moment *moment)
{
    return moment->year >= 1 && moment->month >= 1 && moment->month <= 12 && moment->day >= 1 &&
           moment->day <= days_in(moment->year, moment->month) && moment->hour < 24 && moment->minute < 60 &&
           moment->second < 60;
}

/* Takes the offset off, day by day; 0 when that leaves the years that there are. */
static int to_utc(Moment *moment)
{
    int minutes = moment->hour * 60 + moment->minute - moment->offset;
    for (; minutes < 0; minutes += 24 * 60)
        if (--moment->day < 1) {
            moment->year -= moment->month == 1;
            moment->month = moment->month == 1 ? 12 : moment->month - 1;
            moment->day = days_in(moment->year, moment->month);
        }
    for (; minutes >= 24 * 60; minutes -= 24 * 60)
        if (++moment->day > days_in(moment->year, moment->month)) {
            moment->day = 1;
            moment->year += moment->month == 12;
            moment->month = moment->month == 12 ? 1 : moment->month + 1;
        }
    moment->hour = minutes / 60;
    moment->minute = minutes % 60;
    return moment->year >= 1 && moment->year <= 9999;
}

/* A moment, None for an empty text; for what is in neither form, or no date, the answer of `parse_date`. */
static PyObject *date(PyObject *text, PyObject *parse_date)
{
    Moment moment = {0};
    if (!PyUnicode_GET_LENGTH(text))
        Py_RETURN_NONE;
    if (PyUnicode_IS_COMPACT_ASCII(text) && PyUnicode_GET_LENGTH(text) <= LONGEST_DATE) {
        const char *written = (const char *)PyUnicode_1BYTE_DATA(text);
        int is_read = Py_ISDIGIT(*written) && Py_ISDIGIT(written[1]) && Py_ISDIGIT(written[2])
                          ? read_w3c(written, &moment)
                          : read_rfc822(written, &moment);
        if (is_read && (size_t)PyUnicode_GET_LENGTH(text) == strlen(written) && is_real(&moment) && to_utc(&moment))
            return PyDateTimeAPI->DateTime_FromDateAndTime(moment.year, moment.month, moment.day, moment.hour,
                moment.minute, moment.second, 0, PyDateTime_TimeZone_UTC, PyDateTimeAPI->DateTimeType);
    }
    return PyObject_CallOneArg(parse_date, text);
}

/* date.c - see date.h.
 *
 * Dates are read by patterns that mirror the grammar of RFC 9110 section 5.6.7 byte by byte, then
 * checked against the calendar. The day of the week must be the right one: when it is not, one of
 * the two is wrong, and believing the other would be a guess about how long to wait. */
#include "exchange/date.h"

#include "base/text.h"

#include <string.h>

#define DAY_S INT64_C(86400)

typedef struct civil {
    int year, month, day; /* month and day from 1 */
    int hour, minute, second;
    int weekday; /* Sunday is 1 */
} civil;

/* Each ends with an empty name. */
static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
                                 "Aug", "Sep", "Oct", "Nov", "Dec", ""};
static const char weekdays[][10] = {"Sunday",   "Monday", "Tuesday",  "Wednesday",
                                    "Thursday", "Friday", "Saturday", ""};

/* Days since 1970-01-01 of a date of the Gregorian calendar, for years from 0 on. Years are counted
 * from March, so that the leap day is the last of its year. */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t from_march = year + 400 - (month <= 2); /* never negative */
    int64_t era = from_march / 400 - 1, of_era = from_march % 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void civil_from_days(civil *out, int64_t days)
{
    int64_t shifted = days + 719468, era, of_era, year, of_year, month;

    era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    of_era = shifted - era * 146097;
    year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    of_year = of_era - (365 * year + year / 4 - year / 100);
    month = (5 * of_year + 2) / 153;
    out->day = (int)(of_year - (153 * month + 2) / 5 + 1);
    out->month = (int)(month < 10 ? month + 3 : month - 9);
    out->year = (int)(year + era * 400 + (out->month <= 2));
}

static void civil_from_seconds(civil *out, int64_t seconds)
{
    int64_t days = seconds / DAY_S, rest = seconds % DAY_S;

    if (rest < 0) {
        rest += DAY_S;
        days--;
    }
    civil_from_days(out, days);
    out->hour = (int)(rest / 3600);
    out->minute = (int)(rest / 60 % 60);
    out->second = (int)(rest % 60);
}

static int64_t seconds_of(const civil *date)
{
    return days_from_civil(date->year, date->month, date->day) * DAY_S + date->hour * 3600 +
           date->minute * 60 + date->second;
}

static int days_in_month(int year, int month)
{
    static const char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return lengths[month - 1] + (month == 2 && leap);
}

/* ---- Reading -------------------------------------------------------------------------------- */

typedef struct reader {
    const char *at;
    const char *end;
} reader;

static bool read_bytes(reader *in, const char *text, size_t length)
{
    if ((size_t)(in->end - in->at) < length || memcmp(in->at, text, length) != 0)
        return false;
    in->at += length;
    return true;
}

static bool read_byte(reader *in, char byte)
{
    return read_bytes(in, &byte, 1);
}

static bool read_number(reader *in, int digits, int *out)
{
    if (in->end - in->at < digits)
        return false;
    *out = 0;
    for (; digits > 0; digits--, in->at++) {
        if (*in->at < '0' || *in->at > '9')
            return false;
        *out = *out * 10 + (*in->at - '0');
    }
    return true;
}

/* Which of the names, from 1, of so many bytes each in their table, comes next: whole or its first
 * three letters. */
static bool read_name(reader *in, const char *names, size_t size, bool whole, int *out)
{
    for (*out = 1; *names != '\0'; names += size, ++*out)
        if (read_bytes(in, names, whole ? strlen(names) : 3))
            return true;
    return false;
}

/* What a letter of a pattern stands for; all other bytes stand for themselves. */
static bool read_part(reader *in, char letter, civil *out)
{
    switch (letter) {
    case 'w':
    case 'W': /* spelled out */
        return read_name(in, weekdays[0], sizeof weekdays[0], letter == 'W', &out->weekday);
    case 'b':
        return read_name(in, months[0], sizeof months[0], false, &out->month);
    case 'Y':
        return read_number(in, 4, &out->year);
    case 'y': /* the last two digits */
        return read_number(in, 2, &out->year);
    case 'n':
        return read_number(in, 2, &out->month);
    case 'd':
        return read_number(in, 2, &out->day);
    case 'D': /* a blank for a zero in front */
        return read_number(in, read_byte(in, ' ') ? 1 : 2, &out->day);
    case 'h':
        return read_number(in, 2, &out->hour);
    case 'm':
        return read_number(in, 2, &out->minute);
    case 's':
        return read_number(in, 2, &out->second);
    case 't':
        return read_byte(in, 't') || read_byte(in, 'T');
    default:
        return read_byte(in, letter);
    }
}

static bool read_pattern(reader *in, const char *pattern, civil *out)
{
    while (*pattern != '\0' && read_part(in, *pattern, out))
        pattern++;
    return *pattern == '\0';
}

static bool is_all(reader in, const char *pattern, civil *out)
{
    return read_pattern(&in, pattern, out) && in.at == in.end;
}

/* The latest year with these two digits in which the date is at most 50 years ahead of now. */
static void choose_century(civil *date, int64_t now_s)
{
    const int64_t first = days_from_civil(100, 1, 1) * DAY_S; /* all that has four digits */
    const int64_t last = days_from_civil(9899, 1, 1) * DAY_S;
    int digits = date->year;
    civil limit;

    civil_from_seconds(&limit, now_s < first ? first : now_s > last ? last : now_s);
    limit.year += 50;
    date->year = limit.year - limit.year % 100 + digits;
    if (seconds_of(date) > seconds_of(&limit))
        date->year -= 100;
}

static bool is_of_calendar(const civil *date)
{
    if (date->month < 1 || date->month > 12 || date->day < 1 ||
        date->day > days_in_month(date->year, date->month) || date->hour > 23 ||
        date->minute > 59 || date->second > 60)
        return false;
    /* Leap seconds end a day of UTC. */
    return date->second != 60 || (date->hour == 23 && date->minute == 59);
}

static bool is_possible(const civil *date)
{
    int64_t days;

    if (!is_of_calendar(date))
        return false;
    days = days_from_civil(date->year, date->month, date->day);
    return ((days + 4) % 7 + 7) % 7 + 1 == date->weekday; /* 1970-01-01 was a Thursday */
}

bool interim__date_parse(int64_t *out_s, const char *text, size_t length, int64_t now_s)
{
    reader in = {text, text + length};
    civil date = {0};

    if (length == 0)
        return false;
    if (!is_all(in, "w, d b Y h:m:s GMT", &date) && !is_all(in, "w b D h:m:s Y", &date)) {
        if (!is_all(in, "W, d-b-y h:m:s GMT", &date)) /* RFC 850 */
            return false;
        choose_century(&date, now_s);
    }
    if (!is_possible(&date))
        return false;
    *out_s = seconds_of(&date);
    return true;
}

/* The zone of RFC 3339 section 5.6, in seconds east of UTC. */
static bool read_zone(reader *in, int *out)
{
    const bool east = read_byte(in, '+');
    civil zone;

    *out = 0;
    if (!east && !read_byte(in, '-'))
        return read_byte(in, 'Z') || read_byte(in, 'z');
    if (!read_pattern(in, "h:m", &zone) || zone.hour > 23 || zone.minute > 59)
        return false;
    *out = (east ? 60 : -60) * (zone.hour * 60 + zone.minute);
    return true;
}

bool interim__date_parse_rfc3339(int64_t *out_s, const char *text, size_t length)
{
    reader in = {text, text + length};
    civil date = {0};
    int zone;

    if (!read_pattern(&in, "Y-n-dth:m:s", &date))
        return false;
    if (read_byte(&in, '.'))
        while (in.at < in.end && *in.at >= '0' && *in.at <= '9')
            in.at++;
    if (!read_zone(&in, &zone) || in.at != in.end || !is_of_calendar(&date))
        return false;
    *out_s = seconds_of(&date) - zone;
    return true;
}

/* ---- Writing -------------------------------------------------------------------------------- */

/* 64 bits of nanoseconds reach from 1677 to 2262, so that no year needs clamping. */
void interim__date_rfc3339(char out[INTERIM__RFC3339_SIZE], int64_t wall_ns)
{
    int64_t seconds = wall_ns / 1000000000, rest = wall_ns % 1000000000;
    civil date = {0};

    if (rest < 0) {
        rest += 1000000000;
        seconds--;
    }
    civil_from_seconds(&date, seconds);
    out = interim__text_put_digits(out, (unsigned)date.year, 4);
    *out++ = '-';
    out = interim__text_put_digits(out, (unsigned)date.month, 2);
    *out++ = '-';
    out = interim__text_put_digits(out, (unsigned)date.day, 2);
    *out++ = 'T';
    out = interim__text_put_digits(out, (unsigned)date.hour, 2);
    *out++ = ':';
    out = interim__text_put_digits(out, (unsigned)date.minute, 2);
    *out++ = ':';
    out = interim__text_put_digits(out, (unsigned)date.second, 2);
    *out++ = '.';
    out = interim__text_put_digits(out, (unsigned)rest, 9);
    *out++ = 'Z';
    *out = '\0';
}

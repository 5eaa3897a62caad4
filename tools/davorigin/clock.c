/* Time; clock.h tells the concept. The C locale is never changed, so strftime writes English names.
 */
#include "clock.h"

#include <string.h>

int64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void write_date(char out[CLOCK_TEXT_SIZE], const char *format, time_t when)
{
    struct tm parts;

    memset(&parts, 0, sizeof parts);
    if (!gmtime_r(&when, &parts)) {
        time_t epoch = 0;
        gmtime_r(&epoch, &parts);
    }
    if (strftime(out, CLOCK_TEXT_SIZE, format, &parts) == 0)
        out[0] = '\0';
}

void clock_http_date(char out[CLOCK_TEXT_SIZE], time_t when)
{
    write_date(out, "%a, %d %b %Y %H:%M:%S GMT", when);
}

void clock_rfc3339(char out[CLOCK_TEXT_SIZE], time_t when)
{
    write_date(out, "%Y-%m-%dT%H:%M:%SZ", when);
}

bool clock_parse_http_date(time_t *out, const char *text)
{
    struct tm parts;
    const char *end = NULL;

    memset(&parts, 0, sizeof parts);
    end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    if (!end || *end)
        return false;
    *out = timegm(&parts);
    return true;
}

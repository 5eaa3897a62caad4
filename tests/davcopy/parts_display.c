/* parts_display.c - display.c: progress as it is shown goes forward only, whatever a server says;
 * in the details of --verbose it is as the server said it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parts.h"

#include "../../tools/davcopy/display.h"

static char shown[8192];

/* Shows polls that tell these percentages, on a live line or in plain lines, and keeps what is
 * written. */
static void show(bool live, bool verbose, const double *percents, size_t count)
{
    struct display display = {
        .live = live, .plain = !live, .verbose = verbose, .percent = -1, .bytes = -1};
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);
    size_t size;

    if (!file || saved < 0 || dup2(fileno(file), STDERR_FILENO) < 0)
        exit(2);
    display_begin(&display, "copying", "http://h/a", "http://h/b");
    for (size_t i = 0; i < count; i++) {
        const interim_event event = {.size = sizeof event,
                                     .kind = INTERIM_EVENT_POLL,
                                     .status = 202,
                                     .reason = "",
                                     .method = "GET",
                                     .url = "http://h/job",
                                     .text = "running",
                                     .percent = percents[i],
                                     .done = -1,
                                     .total = -1,
                                     .wait_ms = -1,
                                     .monotonic_ns = display_now_ms() * 1000000};

        display.line_ms -= 20000; /* a plain line is due */
        display_event(&display, &event);
        display_tick(&display);
    }
    display_end(&display, "done");
    fflush(stderr);
    rewind(file);
    dup2(saved, STDERR_FILENO);
    close(saved);
    size = fread(shown, 1, sizeof shown - 1, file);
    shown[size] = '\0';
    fclose(file);
}

/* Whether the percentages that were written never go back; *last gets the last. */
static bool goes_forward(double *last)
{
    bool forward = true;

    *last = -1;
    for (char *at = strstr(shown, " %"); at; at = strstr(at + 2, " %")) {
        char *from = at;
        double percent;

        while (from > shown && from[-1] >= '0' && from[-1] <= '9')
            from--;
        percent = strtod(from, NULL);
        forward = forward && percent >= *last;
        *last = percent;
    }
    return forward;
}

void test_display(void)
{
    static const double percents[] = {10, 50, 30, -1, 0, 60, 59.4};
    const size_t count = sizeof percents / sizeof *percents;
    double last;

    show(true, false, percents, count);
    check("the live line never goes back", goes_forward(&last) && last == 60);
    check("it shows what was said before", strstr(shown, "50 %") && !strstr(shown, "30 %"));
    show(false, false, percents, count);
    check("plain lines never go back", goes_forward(&last) && last == 60);
    show(false, true, percents, count);
    check("details are as the server says it", !goes_forward(&last) && strstr(shown, "30 %"));
}

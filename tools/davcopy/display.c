/* display.c - see display.h. Text of the peer's making passes printable() before it is shown; the
 * live line is ASCII, so that a byte is a column.
 */
#include "display.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "printable.h"

enum { TICK_MS = 100, PLAIN_EVERY_MS = 10000, LINE_MAX_BYTES = 2048 };

static const char clear_line[] = "\r\033[K";

int64_t display_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool terminal_can_redraw(void)
{
    const char *kind = getenv("TERM");

    return isatty(STDERR_FILENO) && kind && kind[0] != '\0' && strcmp(kind, "dumb") != 0;
}

void display_init(struct display *display, bool quiet, bool verbose, bool live_allowed)
{
    const char *no_colour = getenv("NO_COLOR");

    memset(display, 0, sizeof *display);
    display->live = !quiet && live_allowed && terminal_can_redraw();
    display->plain = !quiet && !display->live;
    display->verbose = verbose;
    display->colour = display->live && !(no_colour && no_colour[0] != '\0');
    display->percent = -1;
    display->bytes = -1;
}

static size_t window_width(void)
{
    struct winsize window;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0)
        return window.ws_col;
    return 80;
}

static void clear(struct display *display)
{
    if (display->drawn)
        fputs(clear_line, stderr);
    display->drawn = false;
}

/* "512 bytes", "1.5 MB" */
static const char *amount(char out[32], int64_t bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)bytes / 1000;
    size_t unit = 0;

    while (value >= 999.95 && unit + 1 < sizeof units / sizeof *units) {
        value /= 1000;
        unit++;
    }
    if (bytes < 1000)
        snprintf(out, 32, "%d bytes", (int)bytes);
    else
        snprintf(out, 32, "%.1f %s", value, units[unit]);
    return out;
}

/* What the live line says, without colour. */
static void compose(const struct display *display, char *out, size_t size, int64_t now_ms)
{
    const double elapsed = (double)(now_ms - display->began_ms) / 1000;
    const double silence = (double)(now_ms - display->alive_ms) / 1000;
    char text[32];
    int used =
        snprintf(out, size, "%c %.1f s  %s", "|/-\\"[display->frame % 4], elapsed, display -> way);

    if (display->percent >= 0)
        used += snprintf(out + used, size - (size_t)used, "  %.0f %%", display->percent);
    if (display->bytes >= 0)
        used += snprintf(out + used, size - (size_t)used, "  %s", amount(text, display->bytes));
    used += snprintf(out + used, size - (size_t)used, "  %lu sign%s of life", display->signs,
                     display->signs == 1 ? "" : "s");
    snprintf(out + used, size - (size_t)used, "  silent for %.1f s%s", silence,
             display->gap ? " (!)" : "");
}

/* The last column stays free: some terminals wrap when it is written to. */
static void draw(struct display *display)
{
    char line[256];
    const size_t width = window_width();
    const bool marked = display->gap && display->colour;

    compose(display, line, sizeof line, display_now_ms());
    if (strlen(line) >= width)
        line[width - 1] = '\0';
    fprintf(stderr, "\r%s%s%s\033[K", marked ? "\033[33m" : "", line, marked ? "\033[0m" : "");
    fflush(stderr);
    display->drawn = true;
}

static void say(struct display *display, const char *format, va_list arguments)
{
    char line[LINE_MAX_BYTES];

    clear(display);
    vsnprintf(line, sizeof line, format, arguments);
    fprintf(stderr, "davcopy: %s\n", line);
    if (display->live && display->waiting)
        draw(display);
}

void display_line(struct display *display, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say(display, format, arguments);
    va_end(arguments);
}

void display_detail(struct display *display, const char *format, ...)
{
    va_list arguments;

    if (!display->verbose)
        return;
    va_start(arguments, format);
    say(display, format, arguments);
    va_end(arguments);
}

int display_tick_ms(const struct display *display)
{
    return display->live && display->waiting ? TICK_MS : -1;
}

void display_tick(struct display *display)
{
    static const int64_t frame_ms = TICK_MS;
    const int64_t now_ms = display_now_ms();

    if (!display->live || !display->waiting)
        return;
    display->frame = (unsigned)((now_ms - display->began_ms) / frame_ms);
    draw(display);
}

void display_begin(struct display *display, const char *verb, const char *source,
                   const char *destination)
{
    char from[512], to[512];

    display->waiting = true;
    display->began_ms = display->alive_ms = display->line_ms = display_now_ms();
    strcpy(display->way, "waiting");
    if (display->plain)
        display_line(display, "%s %s to %s", verb, printable(from, sizeof from, source),
                     printable(to, sizeof to, destination));
    display_tick(display);
}

void display_end(struct display *display, const char *reason)
{
    char shown[512];

    if (!display->waiting)
        return;
    clear(display);
    fflush(stderr);
    display->waiting = false;
    if (display->plain)
        display_line(display, "ended after %.1f s: %s",
                     (double)(display_now_ms() - display->began_ms) / 1000,
                     printable(shown, sizeof shown, reason));
}

/* "102 Processing", "47 %", in this order, as far as the event says. */
static const char *describe(char *out, size_t size, const interim_event *event)
{
    char raw[512], shown[512], bytes[32];
    int used = 0;

    raw[0] = '\0';
    if (event->status > 0)
        used = snprintf(raw, sizeof raw, " %d%s%.100s", event->status, event->reason[0] ? " " : "",
                        event->reason);
    if (event->percent >= 0)
        used += snprintf(raw + used, sizeof raw - (size_t)used, ", %.0f %%", event->percent);
    if (event->kind == INTERIM_EVENT_MARKER && event->done >= 0)
        used += snprintf(raw + used, sizeof raw - (size_t)used, ", %s", amount(bytes, event->done));
    if (event->wait_ms >= 0)
        used += snprintf(raw + used, sizeof raw - (size_t)used, ", in %.1f s",
                         (double)event->wait_ms / 1000);
    if (event->text[0] != '\0')
        snprintf(raw + used, sizeof raw - (size_t)used, ", %.200s", event->text);
    snprintf(out, size, "%s", printable(shown, sizeof shown, raw));
    return out;
}

static void show_detail(struct display *display, const interim_event *event)
{
    char text[512], url[512];
    const bool names_url = event->kind == INTERIM_EVENT_START ||
                           event->kind == INTERIM_EVENT_REDIRECT ||
                           event->kind == INTERIM_EVENT_ACCEPTED;

    describe(text, sizeof text, event);
    display_detail(display, "%8.3f s %s %s%s%s%s%s", (double)event->elapsed_ms / 1000,
                   event->method, interim_event_name(event->kind), text, names_url ? " " : "",
                   names_url ? printable(url, sizeof url, event->url) : "",
                   event->kind == INTERIM_EVENT_GAP ? ": silence" : "");
}

static void warn_of_gap(struct display *display, const interim_event *event)
{
    display->gap = true;
    if (!display->plain && !display->live)
        return;
    display_line(display, "%swarning:%s no sign of life for %.1f s",
                 display->colour ? "\033[33m" : "", display->colour ? "\033[0m" : "",
                 (double)event->silence_ms / 1000);
}

/* Once, until it answers: it is asked again and again meanwhile. */
static void warn_of_outage(struct display *display, const interim_event *event)
{
    char shown[512];

    if (event->hop != INTERIM_HOP_POLL || event->error == NULL || display->away)
        return;
    display->away = true;
    if (!display->plain && !display->live)
        return;
    display_line(display, "%swarning:%s the monitor does not answer: %s%s%s; it is asked again",
                 display->colour ? "\033[33m" : "", display->colour ? "\033[0m" : "",
                 interim_strerror(event->error->code), event->error->text[0] ? ": " : "",
                 printable(shown, sizeof shown, event->error->text));
}

/* A plain line, if one is due; like the live line it never goes back. */
static void show_progress(struct display *display, const interim_event *event, int64_t now_ms)
{
    const double elapsed = (double)(now_ms - display->began_ms) / 1000;
    const int tens = display->percent >= 0 ? (int)(display->percent / 10) : 0;
    const bool due = now_ms - display->line_ms >= PLAIN_EVERY_MS || tens > display->tens;
    interim_event forward = *event;
    char text[512];

    if (!display->plain || display->verbose || (display->signs > 1 && !due))
        return;
    forward.percent = display->percent;
    if (display->signs == 1)
        display_line(display, "first sign of life after %.1f s:%s", elapsed,
                     describe(text, sizeof text, &forward));
    else
        display_line(display, "%.1f s, %lu signs of life:%s", elapsed, display->signs,
                     describe(text, sizeof text, &forward));
    display->line_ms = now_ms;
    display->tens = tens;
}

static void note_sign_of_life(struct display *display, const interim_event *event)
{
    const int64_t now_ms = event->monotonic_ns / 1000000;

    display->signs++;
    display->alive_ms = now_ms;
    display->gap = display->away = false;
    if (event->percent > display->percent)
        display->percent = event->percent;
    if (event->kind == INTERIM_EVENT_MARKER) {
        strcpy(display->way, "markers");
        if (event->done > display->bytes)
            display->bytes = event->done;
    }
    if (event->kind == INTERIM_EVENT_INTERIM)
        snprintf(display->way, sizeof display->way, "%d", event->status);
    show_progress(display, event, now_ms);
}

void display_event(struct display *display, const interim_event *event)
{
    show_detail(display, event);
    if (!display->waiting)
        return;
    switch (event->kind) {
    case INTERIM_EVENT_SENT:
        if (event->hop == INTERIM_HOP_REQUEST)
            display->alive_ms = event->monotonic_ns / 1000000;
        break;
    case INTERIM_EVENT_ACCEPTED:
        strcpy(display->way, "202");
        display->alive_ms = event->monotonic_ns / 1000000;
        break;
    case INTERIM_EVENT_INTERIM:
    case INTERIM_EVENT_POLL:
    case INTERIM_EVENT_MARKER:
        note_sign_of_life(display, event);
        break;
    case INTERIM_EVENT_GAP:
        warn_of_gap(display, event);
        break;
    case INTERIM_EVENT_RETRY:
        warn_of_outage(display, event);
        break;
    default:
        break;
    }
}

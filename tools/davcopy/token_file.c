/* token_file.c - see token_file.h. Two lines: "davcopy1 METHOD OVERWRITE SOURCE DESTINATION" and
 * the token, or "prepared". URLs hold no blank. The folder is synced after each change of a name,
 * or the change might not survive a loss of power.
 */
#include "token_file.h"

#include <interim.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exits.h"
#include "printable.h"

enum { TEXT_MAX = 128 * 1024 };

static const char prepared[] = "prepared";

static int refuse(int exit_code, const char *path, const char *problem)
{
    char shown[512];

    fprintf(stderr, "davcopy: the token file %s %s\n", printable(shown, sizeof shown, path),
            problem);
    return exit_code;
}

/* ---- Opening ------------------------------------------------------------------------------- */

static int refuse_system(const char *path, int problem)
{
    char text[128];

    snprintf(text, sizeof text, "cannot be used: %s%s", strerror(problem),
             problem == ENOENT ? "; one whose copy has ended is removed" : "");
    return refuse(EXIT_LOCAL, path, text);
}

/* Whose it is, and that nobody else waits with it. Some file systems know no locks. */
static const char *check(int fd, off_t *size)
{
    struct stat info;

    if (fstat(fd, &info) < 0)
        return "cannot be looked at";
    if (!S_ISREG(info.st_mode))
        return "is no regular file";
    if (info.st_uid != geteuid() || (info.st_mode & 077) != 0)
        return "can be read or written by others; it must be yours alone (chmod 600)";
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
        return "is in use: another davcopy waits for that copy";
    *size = info.st_size;
    return NULL;
}

static bool read_text(struct token_file *file, size_t size)
{
    size_t length = 0;

    file->text = malloc(size + 1);
    while (file->text && length < size) {
        const ssize_t got = read(file->fd, file->text + length, size - length);

        if (got <= 0 && !(got < 0 && errno == EINTR))
            break;
        length += got > 0 ? (size_t)got : 0;
    }
    if (file->text)
        file->text[length] = '\0';
    return file->text && length == size;
}

/* The text up to a stop, which is replaced by NUL; NULL when that does not come. */
static char *cut(char **at, char stop)
{
    char *begin = *at, *end = strchr(begin, stop);

    if (!end)
        return NULL;
    *end = '\0';
    *at = end + 1;
    return begin;
}

static bool take_url(char *out, const char *url)
{
    if (!url || interim_url_problem(url) || strlen(url) > PLAN_URL_MAX)
        return false;
    strcpy(out, url);
    return true;
}

static bool parse(struct token_file *file, struct options *options, struct plan *plan)
{
    char *at = file->text;
    const char *version = cut(&at, ' '), *method = version ? cut(&at, ' ') : NULL;
    const char *overwrite = method ? cut(&at, ' ') : NULL;
    const char *source = overwrite ? cut(&at, ' ') : NULL;

    if (!source || strcmp(version, "davcopy1") != 0)
        return false;
    options->move = strcmp(method, "MOVE") == 0;
    options->overwrite = strcmp(overwrite, "T") == 0;
    if ((!options->move && strcmp(method, "COPY") != 0) ||
        (!options->overwrite && strcmp(overwrite, "F") != 0))
        return false;
    if (!take_url(plan->source, source) || !take_url(plan->destination, cut(&at, '\n')))
        return false;
    options->source = plan->source;
    options->destination = plan->destination;
    file->token = cut(&at, '\n');
    if (!file->token || *at != '\0')
        return false;
    if (strcmp(file->token, prepared) == 0)
        file->token = NULL;
    return true;
}

int token_file_open(struct token_file *out, struct options *options, struct plan *plan)
{
    const bool resume = options->resume_file != NULL;
    const char *problem;
    off_t size = 0;

    *out =
        (struct token_file){.path = resume ? options->resume_file : options->token_file, .fd = -1};
    memset(plan, 0, sizeof *plan);
    if (!out->path)
        return EXIT_DONE;
    out->fd =
        open(out->path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | (resume ? 0 : O_CREAT), 0600);
    out->written = true;
    if (out->fd < 0)
        return refuse_system(out->path, errno);
    problem = check(out->fd, &size);
    out->written = problem || size > 0 || resume;
    if (problem)
        return refuse(EXIT_LOCAL, out->path, problem);
    if (!resume && size > 0)
        return refuse(EXIT_USAGE, out->path,
                      "is that of another copy; go on with that by --resume, or remove it");
    if (resume && size == 0)
        return refuse(EXIT_LOCAL, out->path, "is empty: nothing was sent; begin anew");
    if (resume && (size > TEXT_MAX || !read_text(out, (size_t)size) || !parse(out, options, plan)))
        return refuse(EXIT_LOCAL, out->path, "cannot be read, or is damaged");
    return EXIT_DONE;
}

/* ---- Writing ------------------------------------------------------------------------------- */

static bool sync_folder(const char *path)
{
    char *copy = strdup(path);
    int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool done = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);

    free(copy);
    if (fd >= 0)
        close(fd);
    return done;
}

static bool write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        const ssize_t put = write(fd, text, length);

        if (put < 0 && errno != EINTR)
            return false;
        text += put > 0 ? put : 0;
        length -= put > 0 ? (size_t)put : 0;
    }
    return true;
}

/* Only who holds the lock of the old file writes the new one, and keeps that locked in turn. */
static int write_new(const char *name, const char *text, size_t length)
{
    int fd;

    unlink(name); /* what a davcopy left that was killed just here */
    fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -1;
    flock(fd, LOCK_EX | LOCK_NB);
    if (write_all(fd, text, length) && fsync(fd) == 0)
        return fd;
    close(fd);
    unlink(name);
    return -1;
}

bool token_file_write(struct token_file *file, const struct options *options,
                      const struct plan *plan, const char *token)
{
    char *text = NULL, *name = NULL;
    int fd = -1;
    const int length = asprintf(&text, "davcopy1 %s %c %s %s\n%s\n", options_method(options),
                                options->overwrite ? 'T' : 'F', plan->source, plan->destination,
                                token ? token : prepared);

    if (length >= 0 && asprintf(&name, "%s.new", file->path) >= 0) {
        fd = write_new(name, text, (size_t)length);
        if (fd >= 0 && rename(name, file->path) < 0) {
            close(fd);
            fd = -1;
        }
    }
    if (length >= 0) {
        free(text);
        free(name);
    }
    if (fd < 0)
        return false;
    close(file->fd);
    file->fd = fd;
    file->written = true;
    return sync_folder(file->path);
}

void token_file_remove(struct token_file *file)
{
    if (file->fd >= 0 && unlink(file->path) == 0)
        sync_folder(file->path);
}

void token_file_close(struct token_file *file)
{
    if (file->fd >= 0 && !file->written)
        unlink(file->path);
    if (file->fd >= 0)
        close(file->fd);
    free(file->text);
}

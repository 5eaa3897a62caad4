/* address.c - see address.h. */
#include "transport/address.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static struct sockaddr_in *four_of(const interim__address *address)
{
    return (struct sockaddr_in *)(uintptr_t)&address->storage;
}

static struct sockaddr_in6 *six_of(const interim__address *address)
{
    return (struct sockaddr_in6 *)(uintptr_t)&address->storage;
}

/* The interface that a zone means, by name or number (RFC 4007 section 11.2); 0: there is none. */
static uint32_t read_zone(const char *zone)
{
    uint32_t index = if_nametoindex(zone);
    unsigned long number;

    if (index != 0 || zone[0] == '\0' || zone[strspn(zone, "0123456789")] != '\0')
        return index;
    errno = 0;
    number = strtoul(zone, NULL, 10);
    return errno != 0 || number > UINT32_MAX ? 0 : (uint32_t)number;
}

static bool parse_six(interim__address *out, const char *host, uint16_t port)
{
    struct sockaddr_in6 *six = six_of(out);
    size_t length = strcspn(host, "%");
    char bare[INET6_ADDRSTRLEN];

    if (length >= sizeof bare)
        return false;
    memcpy(bare, host, length);
    bare[length] = '\0';
    if (inet_pton(AF_INET6, bare, &six->sin6_addr) != 1)
        return false;
    if (host[length] == '%' && (six->sin6_scope_id = read_zone(host + length + 1)) == 0)
        return false;
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    out->length = sizeof *six;
    return true;
}

bool interim__address_parse(interim__address *out, const char *host, uint16_t port)
{
    struct sockaddr_in *four = four_of(out);

    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        out->length = sizeof *four;
        return true;
    }
    return strchr(host, ':') != NULL && parse_six(out, host, port);
}

void interim__address_set_port(interim__address *address, uint16_t port)
{
    if (address->storage.ss_family == AF_INET)
        four_of(address)->sin_port = htons(port);
    else if (address->storage.ss_family == AF_INET6)
        six_of(address)->sin6_port = htons(port);
}

bool interim__address_is_host(const interim__address *a, const interim__address *b)
{
    if (a->storage.ss_family != b->storage.ss_family)
        return false;
    if (a->storage.ss_family == AF_INET)
        return four_of(a)->sin_addr.s_addr == four_of(b)->sin_addr.s_addr;
    return a->storage.ss_family == AF_INET6 &&
           six_of(a)->sin6_scope_id == six_of(b)->sin6_scope_id &&
           memcmp(&six_of(a)->sin6_addr, &six_of(b)->sin6_addr, sizeof(struct in6_addr)) == 0;
}

bool interim__address_unix(interim__address *out, const char *path)
{
    struct sockaddr_un *local = (struct sockaddr_un *)(void *)&out->storage;
    size_t length = strlen(path);

    memset(out, 0, sizeof *out);
    if (length == 0 || length >= sizeof local->sun_path || strcmp(path, "@") == 0)
        return false;
    local->sun_family = AF_UNIX;
    memcpy(local->sun_path, path, length);
    if (path[0] == '@')
        local->sun_path[0] = '\0';
    else
        length++; /* unix(7): a path ends with NUL, an abstract name with the length */
    out->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return true;
}

static void write_unix(const interim__address *address, char *out, size_t size)
{
    const struct sockaddr_un *local = (const struct sockaddr_un *)(const void *)&address->storage;
    bool abstract = local->sun_path[0] == '\0';

    snprintf(out, size, "unix:%s%.*s", abstract ? "@" : "",
             (int)(sizeof local->sun_path - (abstract ? 1 : 0)),
             local->sun_path + (abstract ? 1 : 0));
}

static char *write_number(char *out, unsigned number)
{
    return interim__text_put_digits(
        out, number, 1u + (number > 9) + (number > 99) + (number > 999) + (number > 9999));
}

/* For each new connection: by inet_ntop and snprintf it takes ten times as many instructions. */
static void write_four(const struct sockaddr_in *four, char *out, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)&four->sin_addr;
    char text[sizeof "255.255.255.255:65535"], *at = text;

    for (int i = 0; i < 4; i++) {
        at = write_number(at, bytes[i]);
        *at++ = i < 3 ? '.' : ':';
    }
    *write_number(at, ntohs(four->sin_port)) = '\0';
    interim__text_put(out, size, text);
}

void interim__address_text(const interim__address *address, char *out, size_t size)
{
    const struct sockaddr_in6 *six = six_of(address);
    char text[INET6_ADDRSTRLEN] = "", zone[IF_NAMESIZE] = "";

    if (address->storage.ss_family == AF_UNIX) {
        write_unix(address, out, size);
        return;
    }
    if (address->storage.ss_family == AF_INET) {
        write_four(four_of(address), out, size);
        return;
    }
    inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof text);
    if (six->sin6_scope_id != 0 && if_indextoname(six->sin6_scope_id, zone) == NULL)
        zone[0] = '\0';
    snprintf(out, size, "[%s%s%s]:%u", text, zone[0] == '\0' ? "" : "%", zone,
             (unsigned)ntohs(six->sin6_port));
}

void interim__address_authority(const char *host, uint16_t port, char *out, size_t size)
{
    bool six = strchr(host, ':') != NULL;

    snprintf(out, size, "%s%.64s%s:%u", six ? "[" : "", host, six ? "]" : "", (unsigned)port);
}

const char *interim__address_problem(int os_error, char *buffer, size_t size)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 32)
    const char *text = strerrordesc_np(os_error);

    if (text != NULL)
        return text;
    snprintf(buffer, size, "error %d", os_error);
    return buffer;
#elif defined(__GLIBC__)
    return strerror_r(os_error, buffer, size);
#else
    if (strerror_r(os_error, buffer, size) != 0)
        snprintf(buffer, size, "error %d", os_error);
    return buffer;
#endif
}

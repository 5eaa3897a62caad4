/* local.c - see local.h. */
#include "transport/local.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

/* What the Linux kernel takes for a name (dev_valid_name). A colon is left to IPv6. */
static bool is_interface(const char *text)
{
    size_t length = strlen(text);

    if (length == 0 || length >= IF_NAMESIZE || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
        return false;
    for (; *text != '\0'; text++)
        if ((unsigned char)*text <= ' ' || *text == 0x7f || strchr("/:%", *text) != NULL)
            return false;
    return true;
}

bool interim__local_parse(interim__local *out, const char *text)
{
    *out = (interim__local){.text = text};
    if (interim__address_parse(&out->address, text, 0))
        return true;
    out->address.length = 0;
    out->gone = true;
    /* Digits and dots are an address that is wrong, not a name. */
    if (!is_interface(text) || text[strspn(text, "0123456789.")] == '\0')
        return false;
    out->gone = false;
    strcpy(out->interface, text);
    return true;
}

static int bind_interface(const char *name, int fd)
{
#ifdef SO_BINDTODEVICE
    return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name)) < 0 ? errno
                                                                                          : 0;
#else
    (void)name;
    (void)fd;
    return ENOTSUP;
#endif
}

int interim__local_bind(const interim__local *local, int fd, sa_family_t family)
{
    const interim__address *address = &local->address;

    if (local->gone)
        return ENODEV;
    if (local->interface[0] != '\0')
        return bind_interface(local->interface, fd);
    if (address->length == 0)
        return 0;
    if (address->storage.ss_family != family)
        return EAFNOSUPPORT;
#ifdef IP_BIND_ADDRESS_NO_PORT
    /* The port is then chosen by connect, so that many connections can share one; without it they
     * cannot, and all else is the same. */
    (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){1}, sizeof(int));
#endif
    return bind(fd, (const struct sockaddr *)(const void *)&address->storage, address->length) < 0
               ? errno
               : 0;
}

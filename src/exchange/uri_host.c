/* uri_host.c - the host of an authority: a name, an IPv4 address, or an IPv6 literal in brackets
 * that may name a zone (RFC 3986 section 3.2.2, RFC 6874).
 *
 * A name may spell letters, digits and "-._~" by percent-encoding; they are decoded, and any other
 * encoded byte is refused, because the only use of "%2F" or "%40" in a host is to be read
 * differently by different programs. For the same reason a host that ends like an IPv4 address is
 * one or is refused: inet_aton reads "127.1" and "0177.0.0.1" as addresses (RFC 3986 section 7.4).
 */
#include "exchange/uri_parts.h"

#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static char to_lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

/* dec-octet: no leading zero, at most 255. Returns how many bytes it has, 0 when there is none. */
static size_t read_octet(unsigned *out, const char *text, size_t length)
{
    size_t used = 0;

    *out = 0;
    while (used < length && used < 3 && interim__uri_is_digit(text[used])) {
        *out = *out * 10 + (unsigned)(text[used] - '0');
        used++;
    }
    if (*out > 255 || (used > 1 && text[0] == '0'))
        return 0;
    return used;
}

static bool read_ipv4(uint32_t *out, const char *text, size_t length)
{
    uint32_t address = 0;

    for (int i = 0; i < 4; i++) {
        unsigned octet;
        size_t used;

        if (i > 0) {
            if (length == 0 || *text != '.')
                return false;
            text++;
            length--;
        }
        used = read_octet(&octet, text, length);
        if (used == 0)
            return false;
        address = address << 8 | octet;
        text += used;
        length -= used;
    }
    *out = address;
    return length == 0;
}

/* h16: one to four hexadecimal digits. Returns as read_octet. */
static size_t read_piece(uint16_t *out, const char *text, size_t length)
{
    unsigned value = 0;
    size_t used = 0;

    while (used < length && used < 4 && interim__text_hex(text[used]) >= 0)
        value = value * 16 + (unsigned)interim__text_hex(text[used++]);
    *out = (uint16_t)value;
    return used;
}

/* Puts the zeros that "::" stands for where it stood, before piece number gap of count. */
static void fill_gap(uint16_t pieces[8], int count, int gap)
{
    int zeros = 8 - count;

    for (int i = 7; i >= gap + zeros; i--)
        pieces[i] = pieces[i - zeros];
    for (int i = gap; i < gap + zeros; i++)
        pieces[i] = 0;
}

static bool read_ipv6(uint16_t pieces[8], const char *text, size_t length)
{
    const char *at = text, *end = text + length;
    int count = 0, gap = -1;
    uint32_t tail;

    if (length >= 2 && at[0] == ':' && at[1] == ':') {
        gap = 0;
        at += 2;
    }
    while (at < end) {
        size_t used;

        if (count <= 6 && read_ipv4(&tail, at, (size_t)(end - at))) {
            pieces[count++] = (uint16_t)(tail >> 16);
            pieces[count++] = (uint16_t)(tail & 0xffff);
            break;
        }
        if (count == 8)
            return false;
        used = read_piece(&pieces[count], at, (size_t)(end - at));
        if (used == 0)
            return false;
        count++;
        at += used;
        if (at == end)
            break;
        if (*at++ != ':' || at == end)
            return false;
        if (*at == ':') {
            if (gap >= 0)
                return false;
            gap = count;
            at++;
        }
    }
    if (gap < 0)
        return count == 8;
    if (count == 8)
        return false; /* "::" stands for at least one piece */
    fill_gap(pieces, count, gap);
    return true;
}

/* The longest run of two or more zero pieces, the first of them: what "::" is to replace. */
static int find_zeros(const uint16_t pieces[8], int *length)
{
    int best = -1;

    *length = 1;
    for (int i = 0; i < 8; i++) {
        int run = 0;

        while (i + run < 8 && pieces[i + run] == 0)
            run++;
        if (run > *length) {
            best = i;
            *length = run;
        }
        i += run;
    }
    return best;
}

/* RFC 5952 sections 4 and 5. */
static size_t write_ipv6(char *out, size_t size, const uint16_t pieces[8])
{
    int run, zeros = find_zeros(pieces, &run);
    bool mapped = zeros == 0 && run == 5 && pieces[5] == 0xffff;
    size_t length = 0;

    for (int i = 0; i < (mapped ? 6 : 8); i++) {
        if (i == zeros) {
            length += (size_t)snprintf(out + length, size - length, "::");
            i += run - 1;
            continue;
        }
        length += (size_t)snprintf(out + length, size - length, "%s%x",
                                   i > 0 && out[length - 1] != ':' ? ":" : "", (unsigned)pieces[i]);
    }
    if (mapped)
        length += (size_t)snprintf(out + length, size - length, ":%u.%u.%u.%u",
                                   (unsigned)(pieces[6] >> 8), (unsigned)(pieces[6] & 0xff),
                                   (unsigned)(pieces[7] >> 8), (unsigned)(pieces[7] & 0xff));
    return length;
}

/* Appends text with its encoded unreserved characters decoded. False when another is encoded. */
static bool append_decoded(interim__uri_host *out, const char *text, size_t length, bool lower)
{
    for (size_t i = 0; i < length; i++) {
        char byte = text[i];

        if (byte == '%') {
            byte = interim__uri_unhex(text + i + 1);
            if (!interim__uri_is_unreserved(byte))
                return false;
            i += 2;
        }
        out->text[out->length++] = lower ? to_lower(byte) : byte;
    }
    return true;
}

/* "[" IPv6address [ "%25" ZoneID ] "]" */
static const char *read_literal(interim__uri_host *out, const char *text, size_t length)
{
    const char *zone;
    size_t zone_length = 0;
    uint16_t pieces[8];

    if (length < 2 || text[length - 1] != ']')
        return "the bracket that closes the host is missing";
    text++;
    length -= 2;
    zone = length > 0 ? memchr(text, '%', length) : NULL;
    if (zone != NULL) {
        zone_length = length - (size_t)(zone - text);
        length -= zone_length;
        if (zone_length < 4 || memcmp(zone, "%25", 3) != 0)
            return "the zone of the IPv6 address is not written as %25 and its name";
        for (size_t i = 3; i < zone_length; i++)
            if (!interim__uri_is_unreserved(zone[i]) && zone[i] != '%')
                return "the zone of the IPv6 address holds a character that no zone has";
    }
    if (!read_ipv6(pieces, text, length))
        return "the host in brackets is not an IPv6 address";
    out->literal = true;
    out->length = out->address_length = write_ipv6(out->text, sizeof out->text, pieces);
    if (zone != NULL) {
        out->text[out->length++] = '%';
        if (!append_decoded(out, zone + 3, zone_length - 3, false))
            return "the zone of the IPv6 address holds a character that no zone has";
    }
    return NULL;
}

/* The last label is a number, decimal or "0x": no top-level domain is (RFC 3696 section 2). */
static bool ends_in_number(const interim__uri_host *host)
{
    size_t end = host->length, start;

    if (end > 1 && host->text[end - 1] == '.')
        end--;
    for (start = end; start > 0 && host->text[start - 1] != '.';)
        start--;
    if (end - start >= 2 && host->text[start] == '0' && host->text[start + 1] == 'x') {
        for (start += 2; start < end; start++)
            if (interim__text_hex(host->text[start]) < 0)
                return false;
        return true;
    }
    for (size_t i = start; i < end; i++)
        if (!interim__uri_is_digit(host->text[i]))
            return false;
    return end > start;
}

const char *interim__uri_host_read(interim__uri_host *out, const char *text, size_t length)
{
    const char *problem;
    uint32_t address;

    *out = (interim__uri_host){0};
    if (length == 0)
        return "the host is empty";
    if (length > INTERIM__URI_HOST_MAX)
        return "the host is longer than 255 bytes";
    if (text[0] == '[') {
        problem = read_literal(out, text, length);
        out->text[out->length] = '\0';
        return problem;
    }
    for (size_t i = 0; i < length; i++)
        if (!interim__uri_is_unreserved(text[i]) && !interim__uri_is_subdelim(text[i]) &&
            text[i] != '%')
            return "the host holds a character that no host has";
    if (!append_decoded(out, text, length, true))
        return "the host holds a percent-encoded character that no host has";
    out->text[out->length] = '\0';
    out->address_length = out->length;
    if (ends_in_number(out) && !read_ipv4(&address, out->text, out->length))
        return "the host looks like an IPv4 address and is not one";
    return NULL;
}

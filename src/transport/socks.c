/* socks.c - see socks.h. */
#include "transport/socks.h"

#include "base/error.h"
#include "base/words.h"

#include <arpa/inet.h>
#include <string.h>

#define VERSION 5
#define NO_LOGIN 0
#define LOGIN 2
#define CONNECT 1
#define IPV4 1
#define NAME 3
#define IPV6 4

static int fail(interim_error *error, const char *what)
{
    return interim__error_set(error, INTERIM_EPROXY, INTERIM_STAGE_CONNECT, "the SOCKS proxy %s",
                              what);
}

static void put(interim__socks *socks, const void *data, size_t size)
{
    memcpy(socks->output + socks->output_length, data, size);
    socks->output_length += size;
}

static void put_byte(interim__socks *socks, unsigned byte)
{
    unsigned char one = (unsigned char)byte;

    put(socks, &one, 1);
}

/* A string with its length before it. */
static void put_counted(interim__socks *socks, const char *text)
{
    put_byte(socks, (unsigned)strlen(text));
    put(socks, text, strlen(text));
}

static void begin_message(interim__socks *socks, interim__socks_state state)
{
    socks->state = state;
    socks->output_length = socks->sent = socks->input_length = 0;
}

static bool fits(const char *text)
{
    return *text != '\0' && strlen(text) <= 255;
}

int interim__socks_start(interim__socks *socks, const char *host, uint16_t port, const char *user,
                         const char *password, interim_error *error)
{
    *socks = (interim__socks){.host = host, .port = port, .user = user, .password = password};
    if (!fits(host))
        return fail(error, "cannot be told a host name of more than 255 bytes");
    if (user != NULL && (!fits(user) || strlen(password) > 255))
        return fail(error,
                    "cannot be told an empty name, or one or a password of more than 255 bytes");
    begin_message(socks, INTERIM__SOCKS_GREETING);
    put_byte(socks, VERSION);
    put_byte(socks, user == NULL ? 1 : 2);
    put_byte(socks, NO_LOGIN);
    if (user != NULL)
        put_byte(socks, LOGIN);
    return 0;
}

static void begin_login(interim__socks *socks)
{
    begin_message(socks, INTERIM__SOCKS_LOGIN);
    put_byte(socks, 1);
    put_counted(socks, socks->user);
    put_counted(socks, socks->password);
}

static void begin_connect(interim__socks *socks)
{
    unsigned char address[16];

    begin_message(socks, INTERIM__SOCKS_CONNECT);
    put_byte(socks, VERSION);
    put_byte(socks, CONNECT);
    put_byte(socks, 0);
    if (inet_pton(AF_INET, socks->host, address) == 1) {
        put_byte(socks, IPV4);
        put(socks, address, 4);
    } else if (inet_pton(AF_INET6, socks->host, address) == 1) {
        put_byte(socks, IPV6);
        put(socks, address, 16);
    } else {
        put_byte(socks, NAME);
        put_counted(socks, socks->host);
    }
    put_byte(socks, socks->port >> 8);
    put_byte(socks, socks->port & 0xff);
}

/* The length of the answer that is expected, as far as its beginning tells. */
static size_t answer_length(const interim__socks *socks)
{
    const unsigned char *in = socks->input;

    if (socks->state == INTERIM__SOCKS_DONE)
        return 0;
    if (socks->state != INTERIM__SOCKS_CONNECT)
        return 2;
    if (socks->input_length < 5)
        return 5;
    switch (in[3]) {
    case IPV4:
        return 4 + 4 + 2;
    case IPV6:
        return 4 + 16 + 2;
    default:
        return 4 + 1 + (size_t)in[4] + 2;
    }
}

size_t interim__socks_wanted(const interim__socks *socks)
{
    return socks->sent < socks->output_length ? 0 : answer_length(socks) - socks->input_length;
}

static int take_method(interim__socks *socks, interim_error *error)
{
    switch (socks->input[1]) {
    case NO_LOGIN:
        begin_connect(socks);
        return 0;
    case LOGIN:
        if (socks->user == NULL)
            return fail(error, "chose a login that was not offered");
        begin_login(socks);
        return 0;
    default:
        return fail(error,
                    socks->user == NULL ? "wants a login" : "takes neither our login nor none");
    }
}

static int take_reply(interim__socks *socks, interim_error *error)
{
    static const char refusals[] = "failed\0"
                                   "does not allow this connection\0"
                                   "says that the network cannot be reached\0"
                                   "says that the host cannot be reached\0"
                                   "says that the connection was refused\0"
                                   "says that the connection took too long\0"
                                   "does not know the command\0"
                                   "does not know the kind of address\0";
    const int reply = socks->input[1];
    const char *refusal = interim__words_at(refusals, reply - 1);

    if (reply != 0)
        return fail(error, refusal == NULL ? "failed for an unknown reason" : refusal);
    socks->state = INTERIM__SOCKS_DONE;
    return 1;
}

static int take_answer(interim__socks *socks, interim_error *error)
{
    unsigned version = socks->input[0];

    if (version != (socks->state == INTERIM__SOCKS_LOGIN ? 1 : VERSION))
        return fail(error, "does not speak SOCKS5");
    if (socks->state == INTERIM__SOCKS_GREETING)
        return take_method(socks, error);
    if (socks->state == INTERIM__SOCKS_CONNECT)
        return take_reply(socks, error);
    if (socks->input[1] != 0)
        return fail(error, "refused the name or password");
    begin_connect(socks);
    return 0;
}

int interim__socks_take(interim__socks *socks, const unsigned char *data, size_t size,
                        interim_error *error)
{
    memcpy(socks->input + socks->input_length, data, size);
    socks->input_length += size;
    if (socks->input_length == 5 && socks->state == INTERIM__SOCKS_CONNECT &&
        socks->input[3] != IPV4 && socks->input[3] != IPV6 && socks->input[3] != NAME)
        return fail(error, "answered with an unknown kind of address");
    if (socks->input_length < answer_length(socks))
        return 0;
    return take_answer(socks, error);
}

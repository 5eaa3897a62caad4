/* door.c - see door.h. */
#include "transport/door.h"

#include "base/error.h"

#include <stdlib.h>

static int open_table(interim__door *door, interim_stage stage, interim_error *error)
{
    if (door->table == NULL)
        door->table = interim__tls_open(stage, error);
    return door->table == NULL ? error->code : 0;
}

/* What can be wrong with these is told when the client is made. */
static bool are_to_be_checked(const interim_client_options *options)
{
    return options->ca_file != NULL || options->ca_dir != NULL || options->crl_file != NULL ||
           options->certificate_file != NULL || options->key_file != NULL ||
           options->pinned_keys != NULL || options->key_log_file != NULL;
}

static int make_tls(interim__door *door, const interim_client_options *options, interim_stage stage,
                    interim_error *error)
{
    if (open_table(door, stage, error) < 0)
        return error->code;
    return door->table->make(&door->tls, options, error);
}

int interim__door_new(interim__door **out, const interim_client_options *options,
                      interim_error *error)
{
    interim__door *door = calloc(1, sizeof *door);

    *out = door;
    if (door == NULL)
        return interim__error_set(error, INTERIM_ENOMEM, INTERIM_STAGE_START, "TLS");
    door->minimum = options->tls_min;
    door->no_resumption = options->tls_no_resumption != 0;
    if (!are_to_be_checked(options) || make_tls(door, options, INTERIM_STAGE_START, error) == 0)
        return 0;
    interim__door_free(door);
    *out = NULL;
    return error->code;
}

void interim__door_free(interim__door *door)
{
    if (door != NULL && door->tls != NULL)
        door->table->free(door->tls);
    free(door);
}

bool interim__door_identifies(const interim__door *door)
{
    return door->tls != NULL && door->table->identifies(door->tls);
}

int interim__door_session_new(interim__tls_session **out, interim__door *door,
                              struct interim__socket *socket, const interim__endpoint *endpoint,
                              interim_error *error)
{
    const interim_client_options options = {.tls_min = door->minimum,
                                            .tls_no_resumption = door->no_resumption};

    *out = NULL;
    if (door->tls == NULL && make_tls(door, &options, INTERIM_STAGE_TLS, error) < 0)
        return error->code;
    return door->table->session_new(out, door->tls, socket, endpoint, error);
}

int interim__door_hash(interim__door *door, interim_error *error,
                       unsigned char out[INTERIM__HASH_MAX], size_t *size, interim__hash hash,
                       const interim__piece *pieces, size_t count)
{
    if (open_table(door, INTERIM_STAGE_HEAD, error) < 0)
        return error->code;
    return door->table->hash(NULL, out, size, hash, pieces, count);
}

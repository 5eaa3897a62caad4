/* Status codes; status.h tells the concept. */
#include "status.h"

#include <errno.h>
#include <stddef.h>

struct meaning {
    int status;
    const char *reason;
    const char *explanation;
};

static const struct meaning meanings[] = {
    {100, "Continue", ""},
    {102, "Processing", ""},
    {200, "OK", ""},
    {201, "Created", ""},
    {202, "Accepted", ""},
    {204, "No Content", ""},
    {206, "Partial Content", ""},
    {207, "Multi-Status", "some members could not be handled"},
    {303, "See Other", ""},
    {304, "Not Modified", ""},
    {400, "Bad Request", "the request is malformed"},
    {401, "Unauthorized", "name and password are needed"},
    {403, "Forbidden", "the server refuses to do this"},
    {404, "Not Found", "there is nothing at this path"},
    {405, "Method Not Allowed", "this method does not fit this resource"},
    {408, "Request Timeout", "the request did not arrive in time"},
    {409, "Conflict", "the parent collection does not exist"},
    {410, "Gone", "the job was cancelled"},
    {412, "Precondition Failed", "a precondition of the request does not hold"},
    {413, "Content Too Large", "the request body is larger than this method takes"},
    {415, "Unsupported Media Type", "this method takes no request body"},
    {416, "Range Not Satisfiable", "the range lies beyond the end"},
    {417, "Expectation Failed", "only Expect: 100-continue is understood"},
    {431, "Request Header Fields Too Large", "the request head is too large"},
    {500, "Internal Server Error", "the server could not do this"},
    {501, "Not Implemented", "the server does not know this method or coding"},
    {502, "Bad Gateway", "the destination is on another server"},
    {503, "Service Unavailable", "the server is busy"},
    {505, "HTTP Version Not Supported", "only HTTP/1.0 and HTTP/1.1 are spoken here"},
    {507, "Insufficient Storage", "the disk is full"},
};

static const struct meaning *find(int status)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (meanings[i].status == status)
            return &meanings[i];
    return NULL;
}

const char *status_reason(int status)
{
    const struct meaning *meaning = find(status);

    return meaning ? meaning->reason : "Unknown";
}

const char *status_explanation(int status)
{
    const struct meaning *meaning = find(status);

    return meaning ? meaning->explanation : "";
}

int status_of_errno(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return 404;
    case EACCES:
    case EPERM:
    case ELOOP:
    case EROFS:
    case ENAMETOOLONG:
    case EINVAL:
    case EXDEV:
        return 403;
    case EEXIST:
        return 412;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMLINK:
        return 507;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return 503;
    default:
        return 500;
    }
}

int status_of_parent_errno(int error)
{
    return error == ENOENT || error == ENOTDIR ? 409 : status_of_errno(error);
}

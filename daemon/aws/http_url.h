/* SPDX-License-Identifier: Apache-2.0 */
/* http_url: which URLs may be used at all. A part of the room http: it reads them by libcurl's own parser, so that both see the same host. */
#ifndef KDIAG_AWS_HTTP_URL_H
#define KDIAG_AWS_HTTP_URL_H

#include <stdbool.h>

/*
 * The host, with the port where one is given, for messages (the caller's string); *near: it is this host or a metadata address on the link. NULL with a sentence that shows
 * neither user nor password: no URL, another scheme than https, plain http to a host that is not near.
 */
char *http_url_check(const char *url, bool *near, char **cause);

#endif

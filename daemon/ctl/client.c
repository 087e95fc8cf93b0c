/* SPDX-License-Identifier: Apache-2.0 */
/* client: owns the connection to kdiagd and the patience with it; knows nothing of what is asked. */
#include "daemon/ctl/client.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/json.h"
#include "common/mem.h"
#include "common/proto.h"
#include "common/str.h"

enum { CHUNK = 64 * 1024 };

struct client {
	char *path;
	int fd;
	int timer; /* a deadline of real time, to be polled beside the socket: the clock may run faster than the peer */
	struct str input;
	size_t scanned; /* bytes of input known to hold no newline */
};

/* ---- opening ---- */

static const char *
user_name(void)
{
	const struct passwd *user = getpwuid(geteuid());

	return user != NULL ? user->pw_name : "YOU";
}

/* Who may open it: the group of the socket, or of its folder when that is closed, too. */
static void
explain_denied(const char *path, char **cause)
{
	char *folder = mem_strdup(path), *slash = strrchr(folder, '/');
	const struct group *group = NULL;
	struct stat st;

	if (slash != NULL && slash != folder)
		*slash = '\0';
	if (stat(path, &st) == 0 || (slash != NULL && stat(folder, &st) == 0))
		group = getgrgid(st.st_gid);
	if (group == NULL)
		cause_set(cause, "you may not open %s: ask its owner which group to join", path);
	else if (group->gr_gid == 0)
		cause_set(cause, "only root may open %s: use sudo", path);
	else
		cause_set(cause, "you may not open %s: join its group (sudo usermod -aG %s %s) and log in anew", path,
		    group->gr_name, user_name());
	free(folder);
}

static void
explain_connect(const char *path, int error, char **cause)
{
	struct stat st;

	if (error == EACCES || error == EPERM)
		explain_denied(path, cause);
	else if (error == EAGAIN || error == ETIMEDOUT)
		cause_set(cause, "kdiagd at %s does not answer (systemctl status kdiagd)", path);
	else if (stat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		cause_set(cause, "%s is no socket: name kdiagd's with -s or KDIAG_SOCKET", path);
	else if (error == ENOENT || error == ECONNREFUSED || error == ENOTDIR)
		cause_set(cause, "no kdiagd at %s (systemctl status kdiagd)", path);
	else
		cause_set(cause, "cannot connect to %s: %s", path, strerror(error));
}

/* The time-out is for a kdiagd that hangs with a full queue of clients. */
static int
connect_to(const char *path, char **cause)
{
	const struct timeval patience = {.tv_sec = CLIENT_TIMEOUT_MS / 1000};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(path);
	int fd;

	if (len == 0 || len >= sizeof address.sun_path)
		return cause_set(
		    cause, "a socket's path has 1 to %zu bytes: \"%s\"", sizeof address.sun_path - 1, path);
	memcpy(address.sun_path, path, len);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
		return cause_set(cause, "cannot make a socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		explain_connect(path, errno, cause);
		close(fd);
		return -1;
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

struct client *
client_open(const char *path, char **cause)
{
	int fd = connect_to(path, cause), timer;
	struct client *client;

	if (fd < 0)
		return NULL;
	if ((timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)) < 0) {
		cause_set(cause, "cannot make a timer: %s", strerror(errno));
		close(fd);
		return NULL;
	}
	client = mem_new(1, sizeof *client);
	client->path = mem_strdup(path);
	client->fd = fd;
	client->timer = timer;
	return client;
}

void
client_close(struct client *client)
{
	if (client == NULL)
		return;
	close(client->fd);
	close(client->timer);
	str_free(&client->input);
	free(client->path);
	free(client);
}

/* ---- lines ---- */

/* From now on; 0: no end. */
static void
set_deadline(struct client *client, int64_t timeout_ms)
{
	const struct itimerspec spec = {
	    .it_value = {.tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000}};

	timerfd_settime(client->timer, 0, &spec, NULL);
}

/* Until the socket is ready; -1 with a sentence at the deadline. */
static int
wait_for(struct client *client, short what, char **cause)
{
	struct pollfd fds[] = {{.fd = client->fd, .events = what}, {.fd = client->timer, .events = POLLIN}};

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return cause_set(cause, "cannot wait for kdiagd: %s", strerror(errno));
	if (fds[0].revents == 0)
		return cause_set(cause, "kdiagd at %s does not answer (systemctl status kdiagd)", client->path);
	return 0;
}

/* A peer that has closed already may have said why: that is for the reader to find. */
static int
send_line(struct client *client, const char *line, char **cause)
{
	size_t len = strlen(line), sent = 0;
	ssize_t n;

	while (sent < len) {
		n = send(client->fd, line + sent, len - sent, MSG_NOSIGNAL);
		if (n >= 0)
			sent += (size_t)n;
		else if (errno == EAGAIN && wait_for(client, POLLOUT, cause) != 0)
			return -1;
		else if (errno != EAGAIN && errno != EINTR)
			return 0;
	}
	return 0;
}

/* Reads what there is; -1 with a sentence at the end. */
static int
fill(struct client *client, char **cause)
{
	char chunk[CHUNK];
	ssize_t n = recv(client->fd, chunk, sizeof chunk, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return cause_set(cause, "kdiagd at %s closed the connection (systemctl status kdiagd)", client->path);
	if (client->input.len + (size_t)n > PROTO_ANSWER_MAX)
		return cause_set(
		    cause, "kdiagd at %s sent a line of more than %d bytes", client->path, PROTO_ANSWER_MAX);
	str_add_len(&client->input, chunk, (size_t)n);
	return 0;
}

/* The next line without its newline; the caller's. */
static char *
read_line(struct client *client, size_t *len, char **cause)
{
	struct str *input = &client->input;
	char *newline, *line;

	while (input->len == client->scanned ||
	       (newline = memchr(input->s + client->scanned, '\n', input->len - client->scanned)) == NULL) {
		client->scanned = input->len;
		if (wait_for(client, POLLIN, cause) != 0 || fill(client, cause) != 0)
			return NULL;
	}
	*len = (size_t)(newline - input->s);
	line = mem_new(*len + 1, 1);
	memcpy(line, input->s, *len);
	memmove(input->s, newline + 1, input->len - *len - 1);
	input->len -= *len + 1;
	client->scanned = 0;
	return line;
}

/* ---- asking ---- */

int
client_call(
    struct client *client, const json_t *request, int64_t timeout_ms, json_t **result, char **code, char **message)
{
	char *line = proto_write_request(request), *answer = NULL;
	size_t len;
	int done = -1;

	*result = NULL;
	*code = *message = NULL;
	set_deadline(client, timeout_ms);
	if (send_line(client, line, message) == 0 && (answer = read_line(client, &len, message)) != NULL)
		done = proto_read_answer(answer, len, result, code, message);
	free(answer);
	free(line);
	return done;
}

json_t *
client_read_event(struct client *client, char **cause)
{
	json_t *event;
	size_t len;
	char *line;

	set_deadline(client, 0);
	if ((line = read_line(client, &len, cause)) == NULL)
		return NULL;
	event = json_read(line, len, cause);
	free(line);
	return event;
}

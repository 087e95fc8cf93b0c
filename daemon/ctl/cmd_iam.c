/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_iam: evaluates policies offline, a line of JSON at a time; knows nothing of AWS's answers, only of what it is given. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/iam_eval.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"
#include "daemon/ctl/ctl.h"

enum { CHUNK = 256 * 1024 };

/* Lines as they come out of a descriptor. A line that is too long is cut: iam_eval_line says so. */
struct lines {
	int fd;
	char *chunk;
	size_t at, end;
	struct str line;
};

/* Fills the chunk. 1, 0 at the end, -1 with errno. */
static int
read_chunk(struct lines *lines)
{
	ssize_t n;

	do
		n = read(lines->fd, lines->chunk, CHUNK);
	while (n < 0 && errno == EINTR);
	lines->at = 0;
	lines->end = n > 0 ? (size_t)n : 0;
	return n < 0 ? -1 : n > 0;
}

/* One byte more than a line may have is kept, so that it is seen to be too long. */
static void
add_to_line(struct lines *lines, size_t len)
{
	size_t room = IAM_EVAL_LINE_MAX + 1 - lines->line.len;

	str_add_len(&lines->line, lines->chunk + lines->at, len < room ? len : room);
	lines->at += len;
}

/* The next line into lines->line. 1, 0 at the end, -1 with errno. */
static int
next_line(struct lines *lines)
{
	const char *end;
	int got;

	str_clear(&lines->line);
	for (;;) {
		if (lines->at == lines->end && (got = read_chunk(lines)) <= 0)
			return got < 0 ? -1 : lines->line.len > 0;
		end = memchr(lines->chunk + lines->at, '\n', lines->end - lines->at);
		add_to_line(lines, end != NULL ? (size_t)(end - lines->chunk) - lines->at : lines->end - lines->at);
		if (end == NULL)
			continue;
		lines->at++;
		return 1;
	}
}

/* Who types lines, or asks through a pipe, waits for each answer: what is there is answered before more is waited for. */
static int
evaluate_lines(const struct ctl *ctl, int fd)
{
	struct lines lines = {.fd = fd, .chunk = mem_new(CHUNK, 1)};
	struct iam_eval *eval = iam_eval_new();
	struct str out = {0};
	int got;

	while ((got = next_line(&lines)) > 0 && !ferror(ctl->screen.out)) {
		str_clear(&out);
		iam_eval_line(eval, lines.line.s != NULL ? lines.line.s : "", lines.line.len, ctl->json, &out);
		str_add_char(&out, '\n');
		fwrite(out.s, 1, out.len, ctl->screen.out);
		if (lines.at == lines.end)
			fflush(ctl->screen.out);
	}
	iam_eval_free(eval);
	str_free(&out);
	str_free(&lines.line);
	free(lines.chunk);
	return got;
}

static int
evaluate_file(const struct ctl *ctl, const char *file)
{
	bool standard = file == NULL || strcmp(file, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC), result;
	const char *name = standard ? "the standard input" : file;

	result = fd >= 0 ? evaluate_lines(ctl, fd) : -1;
	if (result < 0)
		result = ctl_fail(ctl, CTL_ERROR, "cannot read %s: %s", name, strerror(errno));
	if (!standard && fd >= 0)
		close(fd);
	return result;
}

static int
exec(struct ctl *ctl)
{
	static const char *const verbs[] = {"eval"};
	const char *verb = ctl_arg(ctl, 0), *closest;

	if (strcmp(verb, verbs[0]) == 0)
		return evaluate_file(ctl, ctl_arg(ctl, 1));
	if ((closest = text_closest(verb, verbs, KD_COUNT(verbs))) != NULL)
		return ctl_fail(ctl, CTL_USAGE, "iam has no \"%s\" (did you mean \"%s\"?)", verb, closest);
	return ctl_fail(ctl, CTL_USAGE, "iam has no \"%s\": write kdiagctl iam eval [FILE|-]", verb);
}

const struct ctl_command cmd_iam = {
    .name = "iam",
    .args = "eval [FILE|-]",
    .help = "what policies allow, offline: a JSON object a line in, a decision a line out",
    .args_min = 1,
    .args_max = 2,
    .exec = exec,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_logs: shows offline what the miner makes of one's own logs; knows nothing of how templates are found. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "common/log_scan.h"
#include "common/log_template.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"
#include "daemon/ctl/ctl.h"

enum {
	CHUNK = 256 * 1024,
	BYTES = 64 * 1024 * 1024, /* of one file there may be more templates than a daemon keeps of a group */
	BATCH = 4 * 1024 * 1024,  /* ids are printed after so many lines: what later lines teach reaches back so far */
};

/* What has been read and not yet printed. */
struct mining {
	const struct ctl *ctl;
	struct log_templates *templates;
	uint64_t *ids;
	size_t count, cap;
	struct str line; /* an unfinished one, of which no more is kept than counts */
};

/* The id of every line in the order of input, after all that was learnt from them. */
static void
print_ids(struct mining *mining)
{
	log_template_merge(mining->templates);
	for (size_t i = 0; i < mining->count; i++)
		fprintf(mining->ctl->screen.out, "%012" PRIx64 "\n",
		    log_template_resolve(mining->templates, mining->ids[i]));
	mining->count = 0;
}

static void
mine_line(struct mining *mining, const char *line, size_t len)
{
	struct log_template_match match;

	log_template_learn_line(mining->templates, line, len, &match);
	if (mining->count == mining->cap) {
		mining->cap = mining->cap > 0 ? mining->cap * 2 : 4096;
		mining->ids = mem_resize(mining->ids, mining->cap, sizeof *mining->ids);
	}
	mining->ids[mining->count++] = match.id;
	if (mining->count == BATCH)
		print_ids(mining);
}

static void
keep(struct mining *mining, const char *s, size_t len)
{
	size_t room = LOG_SCAN_LINE_MAX - mining->line.len;

	str_add_len(&mining->line, s, len < room ? len : room);
}

static void
mine_chunk(struct mining *mining, const char *chunk, size_t len)
{
	const char *end;

	while (len > 0 && (end = memchr(chunk, '\n', len)) != NULL) {
		size_t line = (size_t)(end - chunk);

		if (mining->line.len > 0) {
			keep(mining, chunk, line);
			mine_line(mining, mining->line.s, mining->line.len);
			str_clear(&mining->line);
		} else {
			mine_line(mining, chunk, line);
		}
		chunk = end + 1;
		len -= line + 1;
	}
	keep(mining, chunk, len);
}

/* 0, or -1 with errno. */
static int
mine_all(struct mining *mining, int fd)
{
	char *chunk = mem_new(CHUNK, 1);
	ssize_t n;

	while ((n = read(fd, chunk, CHUNK)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			mine_chunk(mining, chunk, (size_t)n);
	if (mining->line.len > 0)
		mine_line(mining, mining->line.s, mining->line.len);
	free(chunk);
	return n < 0 ? -1 : 0;
}

/* ---- the templates ---- */

static void
add_template_cb(const struct log_template *template, void *arg)
{
	json_t *object = json_object();
	char id[32];

	snprintf(id, sizeof id, "%012" PRIx64, template->id);
	json_object_set_new(object, "id", json_string(id));
	json_object_set_new(object, "count", json_integer((json_int_t) template->count));
	json_object_set_new(object, "level",
	    template->level != LOG_LINE_PLAIN ? json_string(log_line_level_name(template->level)) : json_null());
	json_set_text(object, "template", template->text);
	json_set_text(object, "example", template->example);
	json_array_append_new(arg, object);
}

static void
print_templates(const struct mining *mining)
{
	json_t *root = json_object(), *array = json_array();
	char *line;

	log_template_each(mining->templates, add_template_cb, array);
	json_object_set_new(root, "templates", array);
	line = json_line(root);
	fprintf(mining->ctl->screen.out, "%s\n", line);
	free(line);
	json_decref(root);
}

/* ---- the command ---- */

static int
mine_file(const struct ctl *ctl, const char *file)
{
	struct mining mining = {.ctl = ctl};
	bool standard = file == NULL || strcmp(file, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC), result = CTL_OK;

	if (fd < 0)
		return ctl_fail(ctl, CTL_ERROR, "cannot read %s: %s", file, strerror(errno));
	mining.templates = log_template_new(BYTES);
	if (mine_all(&mining, fd) != 0)
		result = ctl_fail(
		    ctl, CTL_ERROR, "cannot read %s: %s", standard ? "the standard input" : file, strerror(errno));
	print_ids(&mining);
	if (ctl->json)
		print_templates(&mining);
	log_template_free(mining.templates);
	free(mining.ids);
	str_free(&mining.line);
	if (!standard)
		close(fd);
	return result;
}

static int
exec(struct ctl *ctl)
{
	static const char *const verbs[] = {"mine"};
	const char *verb = ctl_arg(ctl, 0), *closest;

	if (strcmp(verb, verbs[0]) == 0)
		return mine_file(ctl, ctl_arg(ctl, 1));
	if ((closest = text_closest(verb, verbs, KD_COUNT(verbs))) != NULL)
		return ctl_fail(ctl, CTL_USAGE, "logs has no \"%s\" (did you mean \"%s\"?)", verb, closest);
	return ctl_fail(ctl, CTL_USAGE, "logs has no \"%s\": write kdiagctl logs mine [FILE|-]", verb);
}

const struct ctl_command cmd_logs = {
    .name = "logs",
    .args = "mine [FILE|-]",
    .help = "which template each line of a log is of, offline: a line in, an id out; --json: at the end the templates",
    .args_min = 1,
    .args_max = 2,
    .exec = exec,
};

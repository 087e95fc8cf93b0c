/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logmine: how fast lines are mined, beside `grep -c` over the same file: mixed lines of the corpora, made anew (LOGMINE_MB, 100), and then hostile lines
 * (LOGMINE_HOSTILE, 10 million), under which the memory must stay in its bound.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/log_template.h"
#include "common/mem.h"
#include "test/unit/log_corpus.h"

/* CPU time of this process, or of those that it waited for: what a core does, whoever else wants it meanwhile. */
static double
cpu_s(int who)
{
	struct rusage use;

	getrusage(who, &use);
	return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
	       (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

static double
now_s(void)
{
	return cpu_s(RUSAGE_SELF);
}

static size_t
setting(const char *name, size_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL && atol(text) > 0 ? (size_t)atol(text) : otherwise;
}

/* Lines of about 150 bytes: the corpora's as they come. The number of them. */
static size_t
write_lines(FILE *file, size_t bytes)
{
	struct corpus_random random = {.state = 11};
	struct str out = {0};
	size_t written = 0, lines = 0;

	while (written < bytes) {
		const struct log_corpus *corpus = &log_corpora[corpus_draw(&random, KD_COUNT(log_corpora))];

		str_clear(&out);
		log_corpus_line(corpus, &random, &out);
		str_add_char(&out, '\n');
		written += fwrite(out.s, 1, out.len, file);
		lines++;
	}
	str_free(&out);
	fflush(file);
	return lines;
}

static double
time_mining(const char *path, struct log_templates *templates)
{
	struct log_template_match match;
	FILE *file = fopen(path, "r");
	double start_s = now_s();
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	if (file == NULL)
		return 0;
	while ((len = getline(&line, &cap, file)) > 0)
		log_template_learn_line(templates, line, (size_t)len - (line[len - 1] == '\n'), &match);
	free(line);
	fclose(file);
	return now_s() - start_s;
}

static double
time_grep(const char *path)
{
	char *command = mem_printf("LC_ALL=C grep -c 'no[t] to be found.*[0-9]$' %s >/dev/null", path);
	double start_s = cpu_s(RUSAGE_CHILDREN);
	int status = system(command);

	free(command);
	return status >= 0 ? cpu_s(RUSAGE_CHILDREN) - start_s : 0;
}

static void
compare(const char *path, size_t lines, size_t bytes)
{
	struct log_templates *templates = log_template_new(LOG_TEMPLATE_BYTES);
	double grep_s, mine_s;

	time_grep(path); /* the first reading warms the page cache */
	grep_s = time_grep(path);
	mine_s = time_mining(path, templates);
	printf("%zu lines of %zu bytes on average\n", lines, bytes / lines);
	printf("mine     %10.0f lines/s  %6.0f MB/s  %zu templates in %zu KiB\n", (double)lines / mine_s,
	    (double)bytes / mine_s / 1e6, log_template_count(templates), log_template_bytes(templates) / 1024);
	printf("grep -c  %10.0f lines/s  %6.0f MB/s\n", (double)lines / grep_s, (double)bytes / grep_s / 1e6);
	log_template_free(templates);
}

/* Every line another template: words that no line had before. */
static size_t
make_hostile(struct corpus_random *random, char *line)
{
	size_t len = 0, words = 3 + corpus_draw(random, 12);

	for (size_t i = 0; i < words; i++) {
		for (size_t n = 2 + corpus_draw(random, 8); n > 0; n--)
			line[len++] = (char)('a' + corpus_draw(random, 26));
		line[len++] = " :=,("[corpus_draw(random, 5)];
	}
	return len;
}

static int
suffer(size_t lines)
{
	struct log_templates *templates = log_template_new(LOG_TEMPLATE_BYTES);
	struct corpus_random random = {.state = 3};
	struct log_template_match match;
	double start_s = now_s();
	size_t most = 0, bytes;
	char line[512];

	for (size_t i = 0; i < lines; i++) {
		log_template_learn_line(templates, line, make_hostile(&random, line), &match);
		bytes = log_template_bytes(templates);
		if (bytes > most)
			most = bytes;
	}
	printf("hostile  %10.0f lines/s  %zu lines, at most %zu KiB, %" PRIu64 " evictions\n",
	    (double)lines / (now_s() - start_s), lines, most / 1024, log_template_evictions(templates));
	log_template_free(templates);
	return most <= LOG_TEMPLATE_BYTES ? 0 : 1;
}

int
main(void)
{
	char path[] = "/tmp/logmine-XXXXXX";
	int fd = mkstemp(path), status;
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	size_t lines;

	if (file == NULL) {
		perror(path);
		return 1;
	}
	lines = write_lines(file, setting("LOGMINE_MB", 100) * 1000000);
	if (lines > 0)
		compare(path, lines, (size_t)ftell(file));
	fclose(file);
	unlink(path);
	status = suffer(setting("LOGMINE_HOSTILE", 10000000));
	if (status != 0)
		printf("the memory went past its bound of %d KiB\n", LOG_TEMPLATE_BYTES / 1024);
	return status;
}

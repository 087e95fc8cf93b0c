/* SPDX-License-Identifier: Apache-2.0 */
/* plugin: owns the folder of probes and what was opened of it; the only room that knows dlopen. Judges nothing. */
#include "common/plugin.h"

#include <assert.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/elf_check.h"
#include "common/mem.h"
#include "common/plugin_check.h"
#include "common/text.h"

/* Files of one folder; a thousand names are a mistake, not probes. */
enum { FILES_MAX = 256, SHOWN_MAX = 400 };

/*
 * What the loader holds, of all folders and their generations. It knows an object again by its path, even when another file stands
 * there by now: a probe that was updated, while the config of before still has the old one open. Then the new one is loaded by another spelling of the path.
 */
struct loaded {
	dev_t dev;
	ino_t ino;
	char *path; /* as the loader knows it */
	void *handle;
	unsigned users;
	LIST_ENTRY(loaded) link;
};
static LIST_HEAD(, loaded) all_loaded = LIST_HEAD_INITIALIZER(all_loaded);

struct opened {
	struct loaded *loaded;
	const struct kd_probe *probe;
};

struct refused {
	char *name, *why;
};

struct plugins {
	struct opened *opened;
	size_t opened_count;
	struct refused *refused;
	size_t refused_count;
};

/* ---- refusing ---- */

/* Takes why. Both come from file names and the loader's words, which may be any. */
static void
refuse_taken(struct plugins *plugins, const char *name, char *why)
{
	struct refused *refused;

	plugins->refused = mem_resize(plugins->refused, plugins->refused_count + 1, sizeof(*plugins->refused));
	refused = &plugins->refused[plugins->refused_count++];
	refused->name = text_escape(name, strlen(name), SHOWN_MAX);
	refused->why = text_escape(why, strlen(why), SHOWN_MAX);
	free(why);
}

/* ---- one file ---- */

/* Who may have put this there: whoever else could, could run code as us. */
static bool
is_ours(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}

/* A group of its own is a user himself, as umask 002 has it. */
static bool
may_foreign_group_write(const struct stat *st)
{
	return (st->st_mode & S_IWGRP) != 0 && st->st_gid != 0 && st->st_gid != getegid();
}

static const char *
check_stat(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is no regular file: remove it from the folder";
	if (!is_ours(st))
		return "belongs to another user than root or the one kdiag runs as: chown root it";
	if ((st->st_mode & S_IWOTH) != 0)
		return "may be written by all: chmod o-w it";
	if (may_foreign_group_write(st))
		return "may be written by another group than root's or the one kdiag runs as: chmod g-w it";
	return NULL;
}

/* 0 and what it is, or -1 and the sentence without the path. */
static int
check_file(int folder, const char *file, struct stat *st, char **cause)
{
	/* O_NONBLOCK: a FIFO would hold us for ever. */
	int fd = openat(folder, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *why;

	if (fd < 0 && errno == ELOOP)
		return cause_set(cause, "is a symbolic link: copy the file itself into the folder");
	if (fd < 0 && errno == ENXIO)
		return cause_set(cause, "is no regular file: remove it from the folder");
	if (fd < 0 || fstat(fd, st) != 0) {
		cause_set(cause, "cannot be read: %s", strerror(errno));
		goto out;
	}
	if ((why = check_stat(st)) == NULL)
		why = elf_check(fd, st->st_size);
	if (why != NULL)
		cause_set(cause, "%s", why);
out:
	if (fd >= 0)
		close(fd);
	return *cause != NULL ? -1 : 0;
}

/* The size of the object that the symbol names, by the object's own table; 0 when that is not told. */
static size_t
size_of_symbol(const void *symbol)
{
	const ElfW(Sym) *entry = NULL;
	Dl_info info;

	if (dladdr1(symbol, &info, (void **)&entry, RTLD_DL_SYMENT) == 0 || entry == NULL || info.dli_saddr != symbol)
		return 0;
	return entry->st_size;
}

/* The probe, or NULL and the sentence without the path. */
static const struct kd_probe *
find_probe(void *handle, const char *name, char **cause)
{
	const struct kd_probe *probe = dlsym(handle, "kd_probe");
	size_t size;

	if (probe == NULL)
		return cause_null(
		    cause, "has no symbol kd_probe: end its source with const struct kd_probe kd_probe = {...}");
	size = size_of_symbol(probe);
	if (size < sizeof(probe->abi))
		return cause_null(cause, "has a kd_probe that is no struct kd_probe: see kdiag/probe.h");
	if (probe->abi != KD_PROBE_ABI)
		return cause_null(cause,
		    "is built for ABI %" PRIu32 ", this kdiag has ABI %u: build it against this kdiag's kdiag/probe.h",
		    probe->abi, KD_PROBE_ABI);
	if (size < sizeof(*probe))
		return cause_null(cause, "has a kd_probe that is no struct kd_probe: see kdiag/probe.h");
	return plugin_check_probe(probe, name, cause) == 0 ? probe : NULL;
}

/* dlerror() starts with the path, which our sentence has already. */
static int
refuse_load(const char *path, char **cause)
{
	const char *why = dlerror();
	size_t len = strlen(path);

	if (strncmp(why, path, len) == 0 && why[len] == ':')
		why += len + 1 + (why[len + 1] == ' ');
	return cause_set(cause, "cannot be loaded (%s): build it against this kdiag's kdiag/probe.h", why);
}

static struct loaded *
find_inode(const struct stat *st)
{
	struct loaded *loaded;

	LIST_FOREACH(loaded, &all_loaded, link)
	if (loaded->dev == st->st_dev && loaded->ino == st->st_ino)
		return loaded;
	return NULL;
}

static bool
is_path_taken(const char *path)
{
	const struct loaded *loaded;

	LIST_FOREACH(loaded, &all_loaded, link)
	if (strcmp(loaded->path, path) == 0)
		return true;
	return false;
}

/* The caller's: a path of the file by which the loader holds no other. */
static char *
spell_path(const char *folder_path, const char *file)
{
	char *prefix = mem_strdup(folder_path), *path = mem_printf("%s/%s", prefix, file);

	while (is_path_taken(path)) {
		char *longer = mem_printf("%s/.", prefix);

		free(prefix);
		free(path);
		prefix = longer;
		path = mem_printf("%s/%s", prefix, file);
	}
	free(prefix);
	return path;
}

/* NULL and the sentence without the path. */
static struct loaded *
load(const struct stat *st, const char *folder_path, const char *file, char **cause)
{
	struct loaded *loaded = find_inode(st);
	char *path;
	void *handle;

	if (loaded != NULL) {
		loaded->users++;
		return loaded;
	}
	path = spell_path(folder_path, file);
	if ((handle = dlopen(path, RTLD_NOW | RTLD_LOCAL)) == NULL) {
		refuse_load(path, cause);
		free(path);
		return NULL;
	}
	loaded = mem_new(1, sizeof(*loaded));
	*loaded = (struct loaded){.dev = st->st_dev, .ino = st->st_ino, .path = path, .handle = handle, .users = 1};
	LIST_INSERT_HEAD(&all_loaded, loaded, link);
	return loaded;
}

static void
unload(struct loaded *loaded)
{
	if (--loaded->users > 0)
		return;
	LIST_REMOVE(loaded, link);
	dlclose(loaded->handle);
	free(loaded->path);
	free(loaded);
}

/* Opens a file whose outside is good; 0, or -1 and the sentence without the path. */
static int
open_file(struct plugins *plugins, const struct stat *st, const char *folder_path, const char *file, const char *name,
    char **cause)
{
	struct loaded *loaded = load(st, folder_path, file, cause);
	const struct kd_probe *probe;

	if (loaded == NULL)
		return -1;
	if ((probe = find_probe(loaded->handle, name, cause)) == NULL) {
		unload(loaded);
		return -1;
	}
	plugins->opened = mem_resize(plugins->opened, plugins->opened_count + 1, sizeof(*plugins->opened));
	plugins->opened[plugins->opened_count++] = (struct opened){loaded, probe};
	return 0;
}

/*
 * The file is looked at by its descriptor and loaded by its path: between the two nobody but root and ourselves can put another
 * in its place, for check_folder() and check_file() have seen to it.
 */
static void
try_file(struct plugins *plugins, int folder, const char *folder_path, const char *file)
{
	char *name = mem_strndup(file, strlen(file) - strlen(".so"));
	char *cause = NULL;
	struct stat st;

	if (check_file(folder, file, &st, &cause) != 0 ||
	    open_file(plugins, &st, folder_path, file, name, &cause) != 0) {
		refuse_taken(plugins, name, mem_printf("%s/%s %s", folder_path, file, cause));
		free(cause);
	}
	free(name);
}

/* ---- the folder ---- */

static int
check_folder(int fd, const char *path, char **cause)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return cause_set(cause, "%s cannot be read: %s", path, strerror(errno));
	if (!is_ours(&st))
		return cause_set(
		    cause, "%s belongs to another user than root or the one kdiag runs as: chown root it", path);
	if ((st.st_mode & S_IWOTH) != 0 && (st.st_mode & S_ISVTX) == 0)
		return cause_set(cause, "%s may be written by all: chmod o-w it", path);
	if (may_foreign_group_write(&st) && (st.st_mode & S_ISVTX) == 0)
		return cause_set(cause,
		    "%s may be written by another group than root's or the one kdiag runs as: chmod g-w it", path);
	return 0;
}

static int
is_probe_file(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name), end = strlen(".so");

	return entry->d_name[0] != '.' && len > end && strcmp(entry->d_name + len - end, ".so") == 0;
}

/* By bytes and not by locale: the order is part of what people see. */
static int
compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void
try_folder(struct plugins *plugins, int fd, const char *path)
{
	struct dirent **files = NULL;
	int count = scandirat(fd, ".", &files, is_probe_file, compare_names);

	if (count < 0) {
		refuse_taken(plugins, path, mem_printf("%s cannot be read: %s", path, strerror(errno)));
		return;
	}
	for (int i = 0; i < count; i++) {
		if (i < FILES_MAX)
			try_file(plugins, fd, path, files[i]->d_name);
		free(files[i]);
	}
	free(files);
	if (count > FILES_MAX)
		refuse_taken(plugins, path,
		    mem_printf("%s holds %d files, the first %d were looked at: remove what is no probe", path, count,
			FILES_MAX));
}

struct plugins *
plugins_open(const char *folder)
{
	struct plugins *plugins = mem_new(1, sizeof(*plugins));
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *cause = NULL;

	if (fd < 0)
		cause_set(&cause, "%s cannot be read: %s", folder, strerror(errno));
	else if (check_folder(fd, folder, &cause) == 0)
		try_folder(plugins, fd, folder);
	if (cause != NULL)
		refuse_taken(plugins, folder, cause);
	if (fd >= 0)
		close(fd);
	return plugins;
}

void
plugins_close(struct plugins *plugins)
{
	if (plugins == NULL)
		return;
	for (size_t i = 0; i < plugins->opened_count; i++)
		unload(plugins->opened[i].loaded);
	for (size_t i = 0; i < plugins->refused_count; i++) {
		free(plugins->refused[i].name);
		free(plugins->refused[i].why);
	}
	free(plugins->opened);
	free(plugins->refused);
	free(plugins);
}

/* ---- looking ---- */

size_t
plugins_count(const struct plugins *plugins)
{
	return plugins->opened_count;
}

const struct kd_probe *
plugins_at(const struct plugins *plugins, size_t i)
{
	assert(i < plugins->opened_count);
	return plugins->opened[i].probe;
}

int
plugins_find(const struct plugins *plugins, const char *name)
{
	for (size_t i = 0; i < plugins->opened_count; i++)
		if (strcmp(plugins->opened[i].probe->name, name) == 0)
			return (int)i;
	return -1;
}

size_t
plugins_refused_count(const struct plugins *plugins)
{
	return plugins->refused_count;
}

const char *
plugins_refused_name(const struct plugins *plugins, size_t i)
{
	assert(i < plugins->refused_count);
	return plugins->refused[i].name;
}

const char *
plugins_refused_why(const struct plugins *plugins, size_t i)
{
	assert(i < plugins->refused_count);
	return plugins->refused[i].why;
}

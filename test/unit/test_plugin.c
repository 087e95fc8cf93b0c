/* SPDX-License-Identifier: Apache-2.0 */
/* test_plugin: a folder of good and bad probes: the good are opened, each bad one is refused by name, and none ends the program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/plugin.h"

#define PROBE(name, abi) \
	"#include <kdiag/probe.h>\n" \
	"static const struct kd_check checks[] = {{\"one\", \"high_latency\", \"Look\"}};\n" \
	"static void judge(const struct kd_facts *f, const struct kd_settings *s, struct kd_report *out)\n" \
	"{ (void)s; kd_find(out, 0, NULL, KD_OK, \"%s\", kd_stream_name(f)); }\n" \
	"const struct kd_probe kd_probe = {.abi = " abi ", .name = \"" name \
	"\", .title = \"Tests\", .checks = checks, " \
	".checks_count = 1, .judge = judge};\n"

/* The compiled good probe, from which the damaged ones are made: compiling is slow. */
struct fixture {
	char *built;
	char *folder;
};

/* ---- making files ---- */

static char *
make_folder(void)
{
	char *path = mem_strdup("/tmp/kdiag-test-plugin-XXXXXX");

	if (mkdtemp(path) == NULL)
		fail_msg("mkdtemp: %s", strerror(errno));
	return path;
}

static void
run(char *const argv[])
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
write_file(const char *folder, const char *file, const char *bytes, size_t len)
{
	char *path = mem_printf("%s/%s", folder, file);
	FILE *to = fopen(path, "w");

	assert_non_null(to);
	assert_int_equal(fwrite(bytes, 1, len, to), len);
	fclose(to);
	assert_int_equal(chmod(path, 0644), 0);
	free(path);
}

static void
compile(const char *folder, const char *file, const char *source)
{
	char *to = mem_printf("%s/%s", folder, file), *from = mem_printf("%s/source.c", folder);
	char *argv[] = {
	    (char *)"cc", (char *)"-shared", (char *)"-fPIC", (char *)"-Icommon", (char *)"-o", to, from, NULL};

	write_file(folder, "source.c", source, strlen(source));
	run(argv);
	unlink(from);
	free(from);
	free(to);
}

static char *
read_built(const struct fixture *fixture, size_t *len)
{
	char *path = mem_printf("%s/good.so", fixture->built), *bytes;
	FILE *from = fopen(path, "r");
	struct stat st;

	assert_non_null(from);
	assert_int_equal(fstat(fileno(from), &st), 0);
	*len = (size_t)st.st_size;
	bytes = mem_new(*len, 1);
	assert_int_equal(fread(bytes, 1, *len, from), *len);
	fclose(from);
	free(path);
	return bytes;
}

static int
set_up_all(void **state)
{
	struct fixture *fixture = mem_new(1, sizeof(*fixture));

	fixture->built = make_folder();
	compile(fixture->built, "good.so", PROBE("good", "KD_PROBE_ABI"));
	*state = fixture;
	return 0;
}

static void
remove_folder(char *path)
{
	char *argv[] = {(char *)"rm", (char *)"-rf", path, NULL};

	run(argv);
	free(path);
}

static int
tear_down_all(void **state)
{
	struct fixture *fixture = *state;

	remove_folder(fixture->built);
	free(fixture);
	return 0;
}

static int
set_up(void **state)
{
	((struct fixture *)*state)->folder = make_folder();
	return 0;
}

static int
tear_down(void **state)
{
	remove_folder(((struct fixture *)*state)->folder);
	return 0;
}

static void
put_good(const struct fixture *fixture)
{
	size_t len;
	char *bytes = read_built(fixture, &len);

	write_file(fixture->folder, "good.so", bytes, len);
	free(bytes);
}

/* ---- expecting ---- */

/* The folder holds the good probe and one bad file; `why` is the sentence behind the path. */
static void
expect_one_refused(const struct fixture *fixture, const char *name, const char *why)
{
	struct plugins *plugins = plugins_open(fixture->folder);
	char *sentence = mem_printf("%s/%s.so %s", fixture->folder, name, why);

	assert_int_equal(plugins_count(plugins), 1);
	assert_string_equal(plugins_at(plugins, 0)->name, "good");
	assert_int_equal(plugins_refused_count(plugins), 1);
	assert_string_equal(plugins_refused_name(plugins, 0), name);
	assert_string_equal(plugins_refused_why(plugins, 0), sentence);
	free(sentence);
	plugins_close(plugins);
}

static void
expect_bytes_refused(const struct fixture *fixture, const char *bytes, size_t len, const char *why)
{
	put_good(fixture);
	write_file(fixture->folder, "bad.so", bytes, len);
	expect_one_refused(fixture, "bad", why);
}

/* ---- the good ---- */

static void
test_good(void **state)
{
	struct fixture *fixture = *state;
	struct plugins *plugins;

	put_good(fixture);
	compile(fixture->folder, "another.so", PROBE("another", "KD_PROBE_ABI"));
	write_file(fixture->folder, "README.md", "no probe", 8);
	write_file(fixture->folder, ".hidden.so", "no probe", 8);
	write_file(fixture->folder, ".so", "no probe", 8);
	plugins = plugins_open(fixture->folder);
	assert_int_equal(plugins_refused_count(plugins), 0);
	assert_int_equal(plugins_count(plugins), 2);
	assert_string_equal(plugins_at(plugins, 0)->name, "another");
	assert_string_equal(plugins_at(plugins, 1)->title, "Tests");
	assert_int_equal(plugins_find(plugins, "good"), 1);
	assert_int_equal(plugins_find(plugins, "bad"), -1);
	plugins_close(plugins);
	plugins_close(NULL);
}

/* The loader knows objects by their path: a reload opens the new file while the config of before still has the old one open. */
static void
test_new_version(void **state)
{
	struct fixture *fixture = *state;
	char *path = mem_printf("%s/good.so", fixture->folder);
	struct plugins *old, *same, *new, *third;

	put_good(fixture);
	old = plugins_open(fixture->folder);
	same = plugins_open(fixture->folder);
	assert_ptr_equal(plugins_at(old, 0), plugins_at(same, 0));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(unlink(path), 0);
		compile(fixture->folder, "good.so", PROBE("good", "KD_PROBE_ABI"));
		new = plugins_open(fixture->folder);
		assert_int_equal(plugins_count(new), 1);
		assert_ptr_not_equal(plugins_at(old, 0), plugins_at(new, 0));
		assert_ptr_not_equal(plugins_at(same, 0), plugins_at(new, 0));
		third = plugins_open(fixture->folder);
		assert_ptr_equal(plugins_at(new, 0), plugins_at(third, 0));
		plugins_close(old);
		plugins_close(new);
		old = third;
	}
	assert_string_equal(plugins_at(same, 0)->title, "Tests");
	plugins_close(old);
	plugins_close(same);
	free(path);
}

static void
test_empty_folder(void **state)
{
	struct fixture *fixture = *state;
	struct plugins *plugins = plugins_open(fixture->folder);

	assert_int_equal(plugins_count(plugins), 0);
	assert_int_equal(plugins_refused_count(plugins), 0);
	plugins_close(plugins);
}

/* ---- wrong files ---- */

static void
test_not_regular(void **state)
{
	struct fixture *fixture = *state;
	char *link = mem_printf("%s/link.so", fixture->folder), *target = mem_printf("%s/good.so", fixture->built);

	put_good(fixture);
	assert_int_equal(symlink(target, link), 0);
	expect_one_refused(fixture, "link", "is a symbolic link: copy the file itself into the folder");
	unlink(link);
	assert_int_equal(mkfifo(link, 0644), 0);
	expect_one_refused(fixture, "link", "is no regular file: remove it from the folder");
	unlink(link);
	assert_int_equal(mkdir(link, 0755), 0);
	expect_one_refused(fixture, "link", "is no regular file: remove it from the folder");
	free(link);
	free(target);
}

static void
test_writable_by_all(void **state)
{
	struct fixture *fixture = *state;
	char *path = mem_printf("%s/bad.so", fixture->folder);

	put_good(fixture);
	write_file(fixture->folder, "bad.so", "x", 1);
	assert_int_equal(chmod(path, 0646), 0);
	expect_one_refused(fixture, "bad", "may be written by all: chmod o-w it");
	free(path);
}

#define BY_A_GROUP "may be written by another group than root's or the one kdiag runs as: chmod g-w it"

/* Only root can give a file to a group that is not his. */
static void
test_writable_by_a_group(void **state)
{
	struct fixture *fixture = *state;
	char *path = mem_printf("%s/bad.so", fixture->folder), *good = mem_printf("%s/good.so", fixture->folder);

	put_good(fixture);
	assert_int_equal(chmod(good, 0664), 0);
	write_file(fixture->folder, "bad.so", "x", 1);
	assert_int_equal(chmod(path, 0664), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 0, 12345), 0);
		expect_one_refused(fixture, "bad", BY_A_GROUP);
	}
	free(good);
	free(path);
}

static void
test_foreign_owner(void **state)
{
	struct fixture *fixture = *state;
	char *path;

	if (geteuid() != 0)
		skip(); /* only root can give a file away */
	put_good(fixture);
	write_file(fixture->folder, "bad.so", "x", 1);
	path = mem_printf("%s/bad.so", fixture->folder);
	assert_int_equal(chown(path, 12345, 12345), 0);
	expect_one_refused(fixture, "bad", "belongs to another user than root or the one kdiag runs as: chown root it");
	free(path);
}

/* ---- wrong bytes ---- */

#define GARBAGE "is no shared object: build it with cc -fPIC -shared"
#define CUT     "is cut short: install it again"

static void
test_garbage(void **state)
{
	struct fixture *fixture = *state;
	char noise[8192], header[sizeof(ElfW(Ehdr))] = ELFMAG;

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)(i * 2654435761u >> 13);
	expect_bytes_refused(fixture, "", 0, GARBAGE);
	expect_bytes_refused(fixture,
	    "\x7f"
	    "ELF",
	    4, GARBAGE);
	expect_bytes_refused(fixture, noise, sizeof(noise), GARBAGE);
	expect_bytes_refused(
	    fixture, header, sizeof(header), "is built for another kind of machine: build it on this one");
	memset(noise, 0, sizeof(noise));
	expect_bytes_refused(fixture, noise, sizeof(noise), GARBAGE);
}

static void
test_other_machine(void **state)
{
	struct fixture *fixture = *state;
	size_t len;
	char *bytes = read_built(fixture, &len);
	ElfW(Ehdr) header;

	memcpy(&header, bytes, sizeof(header));
	header.e_machine = EM_SPARC;
	memcpy(bytes, &header, sizeof(header));
	expect_bytes_refused(fixture, bytes, len, "is built for another kind of machine: build it on this one");
	free(bytes);
}

/* A copy that broke off, at every length: dlopen() would map it and then die by SIGBUS. */
static void
test_cut_short(void **state)
{
	struct fixture *fixture = *state;
	size_t len;
	char *bytes = read_built(fixture, &len);

	for (size_t left = sizeof(ElfW(Ehdr)); left < len; left += len / 37)
		expect_bytes_refused(fixture, bytes, left, CUT);
	expect_bytes_refused(fixture, bytes, len - 1, CUT);
	free(bytes);
}

/* Without its section headers, which a stripped object may lack, the segments tell. */
static void
test_cut_short_without_sections(void **state)
{
	struct fixture *fixture = *state;
	size_t len;
	char *bytes = read_built(fixture, &len);
	ElfW(Ehdr) header;

	memcpy(&header, bytes, sizeof(header));
	header.e_shoff = header.e_shnum = header.e_shstrndx = 0;
	memcpy(bytes, &header, sizeof(header));
	expect_bytes_refused(fixture, bytes, len / 2, CUT);
	expect_bytes_refused(fixture, bytes, sizeof(header) + 8, CUT);
	free(bytes);
}

/* A crash of the machine can leave zeros where the file system had not written yet. */
static void
test_zeros_at_the_end(void **state)
{
	struct fixture *fixture = *state;
	size_t len;
	char *bytes = read_built(fixture, &len);

	memset(bytes + 4096, 0, len - 4096);
	expect_bytes_refused(fixture, bytes, len, "is damaged: install it again");
	free(bytes);
}

/* ---- wrong objects ---- */

static void
expect_source_refused(const struct fixture *fixture, const char *source, const char *why)
{
	put_good(fixture);
	compile(fixture->folder, "bad.so", source);
	expect_one_refused(fixture, "bad", why);
}

static void
test_wrong_objects(void **state)
{
	struct fixture *fixture = *state;

	expect_source_refused(fixture, "int other;\n",
	    "has no symbol kd_probe: end its source with const struct kd_probe kd_probe = {...}");
	expect_source_refused(fixture, PROBE("bad", "77"),
	    "is built for ABI 77, this kdiag has ABI 1: build it against this kdiag's kdiag/probe.h");
	expect_source_refused(
	    fixture, "char kd_probe = 1;\n", "has a kd_probe that is no struct kd_probe: see kdiag/probe.h");
	expect_source_refused(
	    fixture, "unsigned kd_probe = 1;\n", "has a kd_probe that is no struct kd_probe: see kdiag/probe.h");
	expect_source_refused(
	    fixture, PROBE("better", "KD_PROBE_ABI"), "holds the probe \"better\": a probe's file is called NAME.so");
}

static void
test_undefined_symbol(void **state)
{
	struct fixture *fixture = *state;
	struct plugins *plugins;

	put_good(fixture);
	compile(
	    fixture->folder, "bad.so", "void kd_of_tomorrow(void); void f(void); void f(void) { kd_of_tomorrow(); }\n");
	plugins = plugins_open(fixture->folder);
	assert_int_equal(plugins_count(plugins), 1);
	assert_int_equal(plugins_refused_count(plugins), 1);
	assert_non_null(
	    strstr(plugins_refused_why(plugins, 0), "/bad.so cannot be loaded (undefined symbol: kd_of_tomorrow)"));
	plugins_close(plugins);
}

/* ---- wrong folders ---- */

static void
expect_folder_refused(const char *folder, const char *why)
{
	struct plugins *plugins = plugins_open(folder);
	char *sentence = mem_printf("%s %s", folder, why);

	assert_int_equal(plugins_count(plugins), 0);
	assert_int_equal(plugins_refused_count(plugins), 1);
	assert_string_equal(plugins_refused_name(plugins, 0), folder);
	assert_string_equal(plugins_refused_why(plugins, 0), sentence);
	free(sentence);
	plugins_close(plugins);
}

static void
test_folders(void **state)
{
	struct fixture *fixture = *state;
	char *missing = mem_printf("%s/missing", fixture->folder), *file = mem_printf("%s/good.so", fixture->folder);
	struct plugins *plugins;

	put_good(fixture);
	expect_folder_refused(missing, "cannot be read: No such file or directory");
	expect_folder_refused(file, "cannot be read: Not a directory");
	assert_int_equal(chmod(fixture->folder, 0777), 0);
	expect_folder_refused(fixture->folder, "may be written by all: chmod o-w it");
	assert_int_equal(chmod(fixture->folder, 01777), 0);
	plugins = plugins_open(fixture->folder);
	assert_int_equal(plugins_count(plugins), 1);
	plugins_close(plugins);
	if (geteuid() == 0) {
		assert_int_equal(chmod(fixture->folder, 0775), 0);
		assert_int_equal(chown(fixture->folder, 0, 12345), 0);
		expect_folder_refused(fixture->folder, BY_A_GROUP);
		assert_int_equal(chmod(fixture->folder, 0755), 0);
		assert_int_equal(chown(fixture->folder, 12345, 12345), 0);
		expect_folder_refused(
		    fixture->folder, "belongs to another user than root or the one kdiag runs as: chown root it");
	}
	free(missing);
	free(file);
}

static void
test_names_are_escaped(void **state)
{
	struct fixture *fixture = *state;
	struct plugins *plugins;

	write_file(fixture->folder, "a\nb\x1b.so", "x", 1);
	plugins = plugins_open(fixture->folder);
	assert_int_equal(plugins_refused_count(plugins), 1);
	assert_string_equal(plugins_refused_name(plugins, 0), "a\\x0ab\\x1b");
	assert_null(strpbrk(plugins_refused_why(plugins, 0), "\n\x1b"));
	plugins_close(plugins);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_good),
	    TEST(test_new_version),
	    TEST(test_empty_folder),
	    TEST(test_not_regular),
	    TEST(test_writable_by_all),
	    TEST(test_writable_by_a_group),
	    TEST(test_foreign_owner),
	    TEST(test_garbage),
	    TEST(test_other_machine),
	    TEST(test_cut_short),
	    TEST(test_cut_short_without_sections),
	    TEST(test_zeros_at_the_end),
	    TEST(test_wrong_objects),
	    TEST(test_undefined_symbol),
	    TEST(test_folders),
	    TEST(test_names_are_escaped),
	};

	return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_profile: the ini files of AWS: which section, which keys, whose win; and what is refused, without a value in the
 * sentence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/mem.h"
#include "daemon/aws/profile.h"

static int
scan(struct profile *out, const char *name, bool config, const char *text)
{
	char *why = NULL;
	int rc;

	*out = (struct profile){0};
	rc = profile_scan(out, name, config, "/f", text, strlen(text), &why);
	if (rc == -1)
		fail_msg("%s", why);
	return rc;
}

static void
refuses(const char *text, size_t len, const char *sentence)
{
	struct profile out = {0};
	char *why = NULL;

	assert_int_equal(profile_scan(&out, "default", false, "/f", text, len, &why), -1);
	assert_string_equal(why, sentence);
	assert_null(out.access_key);
	assert_null(out.secret_key);
	profile_clear(&out);
	free(why);
}

static void
test_credentials(void **state)
{
	struct profile p;

	(void)state;
	assert_int_equal(scan(&p, "ops", false,
			     "\xef\xbb\xbf# a comment\r\n[default]\r\naws_access_key_id = D\r\n\r\n"
			     "[ops] ; mine\r\n  AWS_Access_Key_Id=AKID\r\n  aws_secret_access_key = s/e+c=r # t\r\n"
			     "  aws_session_token =\ttok#en;x\r\n; end\r\n[other]\naws_access_key_id = O"),
	    1);
	assert_string_equal(p.access_key, "AKID");
	assert_string_equal(p.secret_key, "s/e+c=r");
	assert_string_equal(p.session_token, "tok#en;x");
	assert_string_equal(p.where, "/f");
	assert_null(p.region);
	profile_clear(&p);
	assert_null(p.access_key);
}

static void
test_config_sections(void **state)
{
	static const char text[] =
	    "[default]\nregion = a\n[profile ops]\nregion = b\n[profile \"my ops\"]\nregion = c\n"
	    "[ops]\nregion = wrong\n[sso-session ops]\nregion = wrong\n[profiled]\nregion = wrong\n";
	struct profile p;

	(void)state;
	assert_int_equal(scan(&p, "default", true, text), 1);
	assert_string_equal(p.region, "a");
	profile_clear(&p);
	assert_int_equal(scan(&p, "ops", true, text), 1);
	assert_string_equal(p.region, "b");
	profile_clear(&p);
	assert_int_equal(scan(&p, "my ops", true, text), 1);
	assert_string_equal(p.region, "c");
	profile_clear(&p);
	assert_int_equal(scan(&p, "d", true, text), 0);
	assert_int_equal(scan(&p, "profile ops", false, text), 1); /* in a credentials file the title is the name */
	profile_clear(&p);
}

/* A section written twice goes on; the last of equal keys counts; an empty value is none. */
static void
test_repeated(void **state)
{
	struct profile p;

	(void)state;
	assert_int_equal(
	    scan(&p, "default", false,
		"[default]\naws_access_key_id=one\nregion=r\n[x]\n[default]\naws_access_key_id=two\nregion=\n"),
	    1);
	assert_string_equal(p.access_key, "two");
	assert_null(p.region);
	profile_clear(&p);
}

/* Lines deeper than their key are settings of that key, whatever they look like. */
static void
test_nested(void **state)
{
	struct profile p;

	(void)state;
	assert_int_equal(scan(&p, "default", true,
			     "[default]\ns3 =\n  region = nested\n  no equals sign\n  [section]\nrole_arn = arn:x\n"
			     "credential_process = /bin/p --a=b\nsso_start_url = u\n"),
	    1);
	assert_null(p.region);
	assert_string_equal(p.role_arn, "arn:x");
	assert_string_equal(p.credential_process, "/bin/p --a=b");
	assert_string_equal(p.sso, "u");
	profile_clear(&p);
}

static void
test_refused(void **state)
{
	static const char nul[] = "[default]\nregion = a\0b\n";
	size_t len = (1 << 20) + 1;
	char *large = mem_new(len + 1, 1);

	(void)state;
	refuses("[default]\naws_secret_access_key SECRET\n", 39, "/f:2: a line without `=`");
	refuses("aws_secret_access_key = SECRET\n[default]\n", 41, "/f:1: a key before the first [section]");
	refuses("[x]\n\n[default\nregion = a\n", 25, "/f:3: a section without `]`");
	refuses("[default]\naws_access_key_id = A\naws_secret_access_key = B\n<<<<", 62, "/f:4: a line without `=`");
	refuses(nul, sizeof(nul) - 1, "/f holds NUL bytes: that is no text");
	memset(large, '\n', len);
	refuses(large, len, "/f is larger than 1 MiB");
	free(large);
}

static char folder[] = "/tmp/test_profile.XXXXXX";

static char *
write_file(const char *name, const char *text)
{
	char *path = mem_printf("%s/%s", folder, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	return path;
}

static int
read_both(struct profile *p, const char *name, const char *credentials, const char *config)
{
	char *why = NULL;
	int rc = profile_read(p, name, credentials, config, &why);

	if (rc == -1)
		fail_msg("%s", why);
	return rc;
}

/* Each key of the credentials file wins; a key pair comes from one file as a whole. */
static void
test_both_files(void **state)
{
	char *credentials =
	    write_file("credentials", "[ops]\naws_access_key_id=C\naws_secret_access_key=CS\nregion=rc\n[half]\n"
				      "aws_access_key_id=H\n");
	char *config =
	    write_file("config", "[profile ops]\naws_access_key_id=K\naws_secret_access_key=KS\naws_session_token=KT\n"
				 "region=rk\nrole_arn=R\n[profile half]\naws_secret_access_key=S\n"
				 "[profile only]\naws_access_key_id=K\naws_secret_access_key=KS\n");
	struct profile p;

	(void)state;
	assert_int_equal(read_both(&p, "ops", credentials, config), 1);
	assert_string_equal(p.access_key, "C");
	assert_string_equal(p.secret_key, "CS");
	assert_null(p.session_token);
	assert_string_equal(p.region, "rc");
	assert_string_equal(p.role_arn, "R");
	assert_string_equal(p.where, credentials);
	profile_clear(&p);
	assert_int_equal(read_both(&p, "half", credentials, config), 1);
	assert_string_equal(p.access_key, "H");
	assert_null(p.secret_key);
	profile_clear(&p);
	assert_int_equal(read_both(&p, "only", credentials, config), 1);
	assert_string_equal(p.where, config);
	profile_clear(&p);
	assert_int_equal(read_both(&p, "none", credentials, config), 0);
	assert_int_equal(read_both(&p, "ops", NULL, NULL), 0);
	assert_int_equal(read_both(&p, "ops", "/nonexistent/credentials", config), 1);
	profile_clear(&p);
	free(credentials);
	free(config);
}

/* A fifo would wait for its writer for ever. */
static void
test_unreadable(void **state)
{
	char *fifo = mem_printf("%s/fifo", folder), *why = NULL, *locked, *expected;
	struct profile p;

	(void)state;
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(profile_read(&p, "default", fifo, NULL, &why), -1);
	expected = mem_printf("%s is no regular file", fifo);
	assert_string_equal(why, expected);
	free(expected);
	assert_int_equal(profile_read(&p, "default", NULL, folder, &why), -1);
	expected = mem_printf("%s is no regular file", folder);
	assert_string_equal(why, expected);
	free(expected);
	locked = write_file("locked", "[default]\n");
	assert_int_equal(chmod(locked, 0), 0);
	if (geteuid() != 0) {
		assert_int_equal(profile_read(&p, "default", locked, NULL, &why), -1);
		expected = mem_printf("%s: cannot be opened: Permission denied", locked);
		assert_string_equal(why, expected);
		free(expected);
	}
	unlink(fifo);
	free(fifo);
	free(locked);
	free(why);
}

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int
remove_folder(void **state)
{
	static const char *const names[] = {"credentials", "config", "locked"};
	char *path;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path = mem_printf("%s/%s", folder, names[i]);
		unlink(path);
		free(path);
	}
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_credentials),
	    cmocka_unit_test(test_config_sections),
	    cmocka_unit_test(test_repeated),
	    cmocka_unit_test(test_nested),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_both_files),
	    cmocka_unit_test(test_unreadable),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

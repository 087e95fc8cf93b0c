/* SPDX-License-Identifier: Apache-2.0 */
/* form: what stands for itself in a parameter, and what must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/aws/form.h"

static void
a_form_is_written(void **state)
{
	struct str form = {0};

	(void)state;
	form_begin(&form, "GetRole", "2010-05-08");
	form_add(&form, "RoleName", "a+b=c&d e/\xc3\xa9%");
	form_add(&form, "Empty", "");
	form_add(&form, "Plain", "azAZ09-._~");
	assert_string_equal(form.s,
	    "Action=GetRole&Version=2010-05-08&RoleName=a%2Bb%3Dc%26d%20e%2F%C3%A9%25&Empty=&Plain="
	    "azAZ09-._~");
	str_free(&form);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_form_is_written)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Groups of system calls: what the words of hardening are made of. tests/read/superd/words.conf has the words. */
#include "table/service/service.h"
#include "tests/unit/unit.h"

Test(harden, every_group_has_calls_and_knows_its_groups)
{
	for (size_t n = 0; n < syscall_group_count; n++) {
		const char *at = syscall_groups[n].calls;

		cr_expect(*at, "%s", syscall_groups[n].name);
		while ((at = strchr(at, '@'))) {
			char name[64] = "";

			memcpy(name, at, strcspn(at, " "));
			cr_expect(syscall_group_find(name), "%s in %s", name, syscall_groups[n].name);
			at++;
		}
	}
}

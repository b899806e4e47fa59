/* The words for the states of a service, which the control socket's schema has, and superctl from there. */
#include "superd/daemon.h"
#include "tests/unit/unit.h"

Test(states, the_paper_has_those_of_superd)
{
	struct buf wanted = { 0 }, schema = { 0 };
	char path[512], part[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/contrib/doc/superd-control.schema.json", getenv("SRCDIR"));
	file = fopen(path, "re");
	cr_assert_not_null(file, "%s", path);
	for (size_t length; (length = fread(part, 1, sizeof(part), file));)
		buf_add(&schema, part, length);
	fclose(file);
	buf_text(&wanted, "\"state\": {\n\t\t\t\"enum\": [");
	for (int state = 0; state < STATES; state++)
		buf_addf(&wanted, "\"%s\", ", state_name((enum state)state));
	buf_text(&wanted, "\"skipped\", \"leaving\", \"condition\"]");
	cr_expect_not_null(strstr(buf_string(&schema), buf_string(&wanted)), "%s", buf_string(&wanted));
	buf_free(&wanted);
	buf_free(&schema);
}

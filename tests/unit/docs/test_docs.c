/* The papers that superd-docs makes of superd's tables. */
#include <limits.h>

#include "docs/docs.h"
#include "lib/fd.h"
#include "table/option/option_table.h"
#include "table/print/print_conf.h"
#include "table/sources/sources.h"
#include "tests/unit/plain_value.h"
#include "tests/unit/unit.h"

#define MANUAL_MOST (1 << 20)

/* Runs one of the functions that print a paper. */
static char *print_paper(void (*print)(struct buf *))
{
	struct buf text = { 0 };

	print(&text);
	cr_assert_not(text.failed);
	return text.data;
}

/* The option before this one in its list. NULL: it is the first. */
static const struct directive *listed_before(size_t i)
{
	const struct directive *directive = directive_listed(i);

	while (i && directive_listed(--i)->chapter != directive->chapter)
		;
	return directive_listed(i)->chapter == directive->chapter && directive_listed(i) != directive ?
		       directive_listed(i) :
		       NULL;
}

/* Of neighbours with the same type the first has an example. Options of other systems have one line. */
Test(docs, the_manual_has_an_example_of_each_grammar)
{
	char *text = print_paper(print_mdoc), *sandbox = print_paper(print_mdoc_sandbox);
	const struct directive *directive;

	for (size_t i = 0; (directive = directive_listed(i)); i++) {
		const struct directive *before = listed_before(i);
		char line[64];
		bool is_brief = directive->chapter == CHAPTER_XINETD || directive->chapter == CHAPTER_UNITS;

		snprintf(line, sizeof(line), "\n.Dl %s ", directive->name[NATIVE]);
		cr_expect(strstr(text, line) || strstr(sandbox, line) || is_one_word(directive) || is_brief ||
				  (before && before->type == directive->type),
			  "%s has no example", directive->name[NATIVE]);
	}
	free(sandbox);
	free(text);
}

static bool has_heading(const char *text, const char *option)
{
	char line[64];

	snprintf(line, sizeof(line), "\n.It Ic %s", option);
	for (const char *found = text; (found = strstr(found, line)); found++) {
		if (strchr(" \n", found[strlen(line)]))
			return true;
	}
	return false;
}

/* An option is in the list of one page, and --explain names that page. */
Test(docs, an_option_is_in_the_list_of_the_page_that_explain_names)
{
	char *text = print_paper(print_mdoc), *sandbox = print_paper(print_mdoc_sandbox), *explained;
	const struct directive *directive;
	size_t length;

	for (size_t i = 0; (directive = directive_listed(i)); i++) {
		const char *page = chapter_page(directive->chapter);
		char named[64];
		FILE *out = open_memstream(&explained, &length);

		cr_assert(print_explain(directive->name[NATIVE], out));
		cr_assert_eq(fclose(out), 0);
		snprintf(named, sizeof(named), "(%s(5), ", page);
		cr_expect(strstr(explained, named), "%s", explained);
		cr_expect_eq(has_heading(text, directive->name[NATIVE]), !strcmp(page, "superd.conf"), "%s", explained);
		cr_expect_eq(has_heading(sandbox, directive->name[NATIVE]), !strcmp(page, "superd-sandbox"), "%s",
			     explained);
		free(explained);
	}
	free(sandbox);
	free(text);
}

/* Each chapter shows a table that reads without an error or a warning, and sets an option of the chapter. */
Test(docs, gives_a_table_for_each_chapter)
{
	for (enum chapter chapter = 0; chapter < CHAPTERS; chapter++) {
		const char *text = example_of_chapter(chapter);
		struct diags diags = { 0 };
		struct table *table;
		bool shows = false;

		cr_assert_not_null(text, "%s", chapter_title(chapter));
		table = read_text("t", text, strlen(text), &diags);
		cr_assert(table);
		cr_expect_eq(diags.count, 0, "%s: %s", text, diags.count ? diags.list[0].message : "");
		diags_free(&diags);
		for (size_t n = 0; n < table->services[0].mark_count; n++)
			shows |= directives[table->services[0].marks[n].directive].chapter == chapter;
		shows |= chapter == CHAPTER_GLOBALS && table->globals.block.file;
		cr_expect(shows, "%s: %s", chapter_title(chapter), text);
		table_free(table);
	}
}

Test(docs, the_index_has_each_option_once)
{
	char *text = print_paper(print_mdoc_index);

	const struct directive *directive;

	for (size_t i = 0; (directive = directive_listed(i)); i++) {
		char name[64];
		const char *found;

		snprintf(name, sizeof(name), " %s", directive->name[NATIVE]);
		for (found = strstr(text, name); found && !strchr(" \n", found[strlen(name)]); )
			found = strstr(found + 1, name);
		cr_expect(found, "%s", name);
	}
	free(text);
}

Test(docs, every_option_is_in_every_paper)
{
	void (*const papers[])(struct buf *) = { print_mdoc_index, print_compat, print_bash, print_zsh };

	for (size_t i = 0; i < sizeof(papers) / sizeof(*papers); i++) {
		char *text = print_paper(papers[i]);

		for (size_t j = 0; j < directive_count; j++)
			cr_expect(strstr(text, directives[j].name[NATIVE]), "paper %zu has no %s", i,
				  directives[j].name[NATIVE]);
		free(text);
	}
}

Test(docs, the_manual_is_lines_that_mdoc_takes_as_they_are_meant)
{
	char *conf = print_paper(print_mdoc), *sandbox = print_paper(print_mdoc_sandbox), *end;
	size_t length = strlen(conf);
	char *text = realloc(conf, length + strlen(sandbox) + 1);

	cr_assert(text);
	strcpy(text + length, sandbox);
	free(sandbox);
	for (char *line = text; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		cr_expect_neq(*line, '\0', "an empty line");
		cr_expect_null(strstr(line, "\t"), "%s", line);
		if (*line == '.')
			cr_expect(line[1] >= 'A' && line[1] <= 'Z', "%s", line);
		else
			cr_expect_null(strstr(line, ". "), "two sentences on one line: %s", line);
	}
	free(text);
}

Test(docs, the_attributes_of_xinetd_are_told_in_its_words)
{
	char *text = print_paper(print_mdoc_xinetd);

	cr_expect(strstr(text, ".It Cm umask = Ar mode\n"), "%s", text);
	cr_expect(strstr(text, "\nWith wait = yes it needs redirect, and applies from the next start on.\n"), "%s",
		  text);
	cr_expect_null(strstr(text, "accept ="), "%s", text);
	cr_expect_null(strstr(text, ".It Cm user "), "the page tells of it by itself: %s", text);
	free(text);
}

Test(docs, the_names_elsewhere_stand_in_columns)
{
	char *text = print_paper(print_compat), *end;
	const char *launchd = strstr(text, "launchd\n");
	size_t column;

	cr_assert(launchd);
	column = (size_t)(launchd - text);
	for (char *line = text; (end = strchr(line, '\n')) && end > line; line = end + 1) {
		cr_assert(end > line + column, "%.*s", (int)(end - line), line);
		cr_expect_eq(line[column - 1], ' ', "%.*s", (int)(end - line), line);
		cr_expect_neq(line[column], ' ', "%.*s", (int)(end - line), line);
	}
	free(text);
}

/* Reads one quoted label; NULL: there is none. */
static const char *next_label(const char **place, char *label, size_t size)
{
	const char *begin = strstr(*place, "[label=\""), *end = begin ? strchr(begin + 8, '"') : NULL;

	if (!end || (size_t)(end - begin - 8) >= size)
		return NULL;
	memcpy(label, begin + 8, (size_t)(end - begin - 8));
	label[end - begin - 8] = '\0';
	*place = end;
	return label;
}

/* The picture in the manual is drawn by hand: it has every state of the graph. */
Test(docs, the_states_are_a_graph_and_the_manual_shows_them_all)
{
	char *graph = print_paper(print_states), *manual, *picture, *end, label[64], path[PATH_MAX];
	const char *place;
	int nodes = 0, edges = 0;

	snprintf(path, sizeof(path), "%s/man/superd.7", getenv("SRCDIR"));
	manual = fd_read_file(path, MANUAL_MOST, &(size_t){ 0 });
	cr_assert_not_null(manual, "%s", path);
	picture = strstr(manual, ".Ss Transitions");
	cr_assert_not_null(picture);
	end = strstr(picture, ".Ed");
	cr_assert_not_null(end);
	*end = '\0';
	cr_assert_eq(strncmp(graph, "digraph superd {\n", 17), 0, "%s", graph);
	for (const char *line = graph; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
		bool is_edge = strstr(line, " -> ") && strstr(line, " -> ") < strchr(line, '\n');

		place = line;
		edges += is_edge;
		if (is_edge || strncmp(line, "\t\t", 2) || !strncmp(line, "\t\tlabel", 7) ||
		    !next_label(&place, label, sizeof(label)))
			continue;
		cr_expect_not_null(strstr(picture, label), "the manual's picture lacks %s", label);
		nodes++;
	}
	cr_expect_gt(nodes, 15);
	cr_expect_gt(edges, 40);
	free(manual);
	free(graph);
}

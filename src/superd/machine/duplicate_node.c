/* Nodes that two sockets claim.
 *
 * Only the machine knows which folders are the same, and asking it takes time. So only paths with the same last name
 * are followed. Paths that are written alike were reported when the table was read (table/rules/endpoint_conflict). */
#include "superd/machine/resolve_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "os/host/foreign_file.h"
#include "table/rules/endpoint_conflict.h"

/* A socket's node. */
struct node {
	struct endpoint_claim claim;
	const char *name;               /* last name of its path */
	char *path;                     /* path without links, owned; NULL: not followed */
};

static bool has_node(const struct listen *listen)
{
	return endpoint_is_path(listen->endpoint) && *listen->endpoint->address == '/';
}

static size_t nodes_count(const struct table *table)
{
	size_t count = 0;

	for (size_t i = 0; i < table->count; i++) {
		for (size_t j = 0; j < table->services[i].socket_count; j++)
			count += has_node(&table->services[i].sockets[j]);
	}
	return count;
}

static size_t nodes_fill(const struct table *table, struct node *nodes)
{
	size_t number = 0;

	for (size_t i = 0; i < table->count; i++) {
		const struct service *service = &table->services[i];

		for (size_t j = 0; j < service->socket_count && !service_is_off(service); j++) {
			const struct listen *listen = &service->sockets[j];

			if (!has_node(listen))
				continue;
			nodes[number] = (struct node){ .claim = endpoint_claim_of(service, listen, number),
						       .name = strrchr(listen->endpoint->address, '/') + 1 };
			number++;
		}
	}
	return number;
}

static int compare_names(const void *left, const void *right)
{
	const struct node *a = left, *b = right;
	int order = strcmp(a->name, b->name);

	return order ? order : a->claim.number < b->claim.number ? -1 : a->claim.number > b->claim.number;
}

static int compare_paths(const void *left, const void *right)
{
	const struct node *a = left, *b = right;
	int order = strcmp(a->path, b->path);

	return order ? order : a->claim.number < b->claim.number ? -1 : a->claim.number > b->claim.number;
}

/* Appends the names of a path, separated by single slashes. */
static void add_simplified(struct buf *out, const char *path)
{
	while (*path) {
		size_t length = strcspn(path, "/");

		if (length && !(length == 1 && *path == '.')) {
			buf_char(out, '/');
			buf_add(out, path, length);
		}
		path += length + (path[length] == '/');
	}
}

/* Follows the symlinks of existing folders; superd creates missing ones. NULL: out of memory. */
static char *follow_folders(const char *path)
{
	char *folder = strdup(path), *real = NULL, *slash = folder ? strrchr(folder, '/') : NULL;
	struct buf out = { 0 };

	for (errno = ENOENT; slash && slash > folder && !real && errno == ENOENT; slash = strrchr(folder, '/')) {
		*slash = '\0';
		real = foreign_real_path(folder);
	}
	if (real && strcmp(real, "/") != 0)
		buf_text(&out, real);
	if (folder)
		add_simplified(&out, real ? path + strlen(folder) : path);
	free(real);
	free(folder);
	return buf_take(&out);
}

/* Compares nodes with one last name. Each duplicate is reported once, with the first socket of its path. */
static void report_duplicates(struct node *nodes, size_t count, struct diags *diags)
{
	const struct node *first = nodes;

	for (size_t n = 0; n < count; n++) {
		nodes[n].path = follow_folders(nodes[n].claim.endpoint.address);
		if (!nodes[n].path)
			return;
	}
	qsort(nodes, count, sizeof(*nodes), compare_paths);
	for (const struct node *node = nodes + 1; node < nodes + count; node++) {
		if (strcmp(first->path, node->path) != 0)
			first = node;
		else if (!endpoint_clash(&first->claim.endpoint, &node->claim.endpoint))
			endpoint_conflict_report(&first->claim, &node->claim, diags);
	}
}

static bool are_written_alike(const struct node *nodes, size_t count)
{
	for (size_t n = 1; n < count; n++) {
		if (strcmp(nodes[0].claim.endpoint.address, nodes[n].claim.endpoint.address) != 0)
			return false;
	}
	return true;
}

void duplicate_node_check(const struct table *table, struct diags *diags)
{
	size_t count = nodes_count(table), end;
	struct node *nodes;

	if (count < 2)
		return;
	nodes = calloc(count, sizeof(*nodes));
	if (!nodes) {
		diag_error(diags, (struct origin){ 0 }, "comparing paths: out of memory");
		return;
	}
	count = nodes_fill(table, nodes);
	qsort(nodes, count, sizeof(*nodes), compare_names);
	for (size_t n = 0; n < count; n = end) {
		for (end = n + 1; end < count && !strcmp(nodes[n].name, nodes[end].name); end++)
			;
		if (!are_written_alike(nodes + n, end - n))
			report_duplicates(nodes + n, end - n, diags);
	}
	for (size_t n = 0; n < count; n++)
		free(nodes[n].path);
	free(nodes);
}

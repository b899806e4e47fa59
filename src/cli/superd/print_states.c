/* The tables of states as a graph: a cluster for each table, and an edge for all that leads from one state to another,
 * as "event / action". What changes nothing has no edge; its reason is in the table. */
#include "cli/superd/print_states.h"

#include "engine/runtime/state_table.h"

struct graph {
	FILE *out;
	const char *name;               /* prefix of the nodes' names */
	const char *title;
	int states;
	const char *(*name_of)(int state);
	const struct service_cell (*table)[SERVICE_EVENTS];
};

static const char *name_of_admin(int state)
{
	return admin_state_name((enum admin_state)state);
}

static const char *name_of_sockets(int state)
{
	return sockets_state_name((enum sockets_state)state);
}

static const char *name_of_run(int state)
{
	return run_state_name((enum run_state)state);
}

static void print_label(const struct graph *graph, const struct service_cell *cell, int event, bool is_first)
{
	fprintf(graph->out, "%s%s", is_first ? "" : "\\n", service_event_name((enum service_event)event));
	if (cell->if_wanted)
		fputs(" [wanted]", graph->out);
	if (cell->action != IGNORE)
		fprintf(graph->out, " / %s", action_name((enum action)cell->action));
}

static void print_edge(const struct graph *graph, int from, int to)
{
	bool any = false;

	for (int event = 0; event < SERVICE_EVENTS; event++) {
		const struct service_cell *cell = &graph->table[from][event];

		if (cell->action == IMPOSSIBLE || cell->next != to || (cell->action == IGNORE && to == from))
			continue;
		if (!any)
			fprintf(graph->out, "\t\t%s_%s -> %s_%s [label=\"", graph->name, graph->name_of(from),
				graph->name, graph->name_of(to));
		print_label(graph, cell, event, !any);
		any = true;
	}
	if (any)
		fputs("\"]\n", graph->out);
}

static bool is_used(const struct graph *graph, int state)
{
	for (int event = 0; event < SERVICE_EVENTS; event++) {
		if (graph->table[state][event].action != IMPOSSIBLE)
			return true;
	}
	return false;
}

static void print_cluster(const struct graph *graph)
{
	fprintf(graph->out, "\tsubgraph cluster_%s {\n\t\tlabel=\"%s\"\n", graph->name, graph->title);
	for (int state = 0; state < graph->states; state++) {
		if (is_used(graph, state))
			fprintf(graph->out, "\t\t%s_%s [label=\"%s\"%s]\n", graph->name, graph->name_of(state),
				graph->name_of(state), state ? "" : ", peripheries=2");
	}
	for (int from = 0; from < graph->states; from++) {
		for (int to = 0; to < graph->states; to++)
			print_edge(graph, from, to);
	}
	if (graph->table == sockets_table)
		fprintf(graph->out, "\t\tsockets_%s -> sockets_%s [label=\"run is %s / %s\", style=dashed]\n",
			sockets_state_name(SOCKETS_LOST), sockets_state_name(SOCKETS_OPENING),
			run_state_name(RUN_IDLE), action_name(BIND));
	fputs("\t}\n", graph->out);
}

bool print_states(FILE *out)
{
	const struct graph graphs[] = {
		{ out, "admin", "admin: what operators and the table want", ADMIN_STATES, name_of_admin, admin_table },
		{ out, "sockets", "sockets", SOCKETS_STATES, name_of_sockets, sockets_table },
		{ out, "run", "run, accept = no", RUN_STATES, name_of_run, run_table[0] },
		{ out, "accept", "run, accept = yes", RUN_STATES, name_of_run, run_table[1] },
	};

	fputs("digraph superd {\n\tnode [shape=box, style=rounded]\n", out);
	for (size_t n = 0; n < sizeof(graphs) / sizeof(*graphs); n++)
		print_cluster(&graphs[n]);
	fputs("}\n", out);
	return !ferror(out);
}

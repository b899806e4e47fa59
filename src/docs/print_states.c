/* The tables of states as a graph: a cluster for each table, and an edge for all that leads from one state to another,
 * as "event / action". What changes nothing has no edge; its reason is in the table. */
#include "docs/docs.h"

#include "superd/instance/instance_table.h"
#include "superd/instance/state_table.h"

/* One cell of a table; action NULL: none. */
struct edge {
	int to;
	const char *action;
	bool if_wanted;
};

struct graph {
	const char *name;               /* prefix of the names of its nodes */
	const char *title;
	int states, events;
	const char *(*state_name)(int state);
	const char *(*event_name)(int event);
	bool (*find_edge)(int from, int event, struct edge *edge);      /* false: the cell is empty */
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

static const char *name_of_event(int event)
{
	return service_event_name((enum service_event)event);
}

static const char *name_of_instance(int state)
{
	return instance_state_name((enum instance_state)state);
}

static const char *name_of_instance_event(int event)
{
	return instance_event_name((enum instance_event)event);
}

static bool read_cell(const struct service_cell *cell, struct edge *edge)
{
	*edge = (struct edge){
		.to = cell->next, .if_wanted = cell->if_wanted,
		.action = cell->action > IGNORE ? action_name((enum action)cell->action) : NULL,
	};
	return cell->action != IMPOSSIBLE;
}

static bool find_admin_edge(int from, int event, struct edge *edge)
{
	return read_cell(&admin_table[from][event], edge);
}

static bool find_sockets_edge(int from, int event, struct edge *edge)
{
	return read_cell(&sockets_table[from][event], edge);
}

static bool find_run_edge(int from, int event, struct edge *edge)
{
	return read_cell(&run_table[0][from][event], edge);
}

static bool find_accept_edge(int from, int event, struct edge *edge)
{
	return read_cell(&run_table[1][from][event], edge);
}

static bool find_instance_edge(int from, int event, struct edge *edge)
{
	const struct instance_step *step = &instance_table[from][event];

	*edge = (struct edge){
		.to = step->next,
		.action = step->action > DO_IGNORE ? instance_action_name((enum instance_action)step->action) : NULL,
	};
	return step->action != DO_IMPOSSIBLE;
}

static const struct graph graphs[] = {
	{ "admin", "admin: the wishes of operators and of the configuration", ADMIN_STATES, SERVICE_EVENTS,
	  name_of_admin, name_of_event, find_admin_edge },
	{ "sockets", "sockets", SOCKETS_STATES, SERVICE_EVENTS, name_of_sockets, name_of_event, find_sockets_edge },
	{ "run", "run, accept = no", RUN_STATES, SERVICE_EVENTS, name_of_run, name_of_event, find_run_edge },
	{ "accept", "run, accept = yes", RUN_STATES, SERVICE_EVENTS, name_of_run, name_of_event, find_accept_edge },
	{ "instance", "an instance", INSTANCE_STATES, INSTANCE_EVENTS, name_of_instance, name_of_instance_event,
	  find_instance_edge },
};

/* One edge for all events that lead from a state to another, or back to itself with an action. */
static void add_edge(struct buf *out, const struct graph *graph, int from, int to)
{
	bool any = false;

	for (int event = 0; event < graph->events; event++) {
		struct edge edge;

		if (!graph->find_edge(from, event, &edge) || edge.to != to || (!edge.action && to == from))
			continue;
		if (!any)
			buf_addf(out, "\t\t%s_%s -> %s_%s [label=\"", graph->name, graph->state_name(from),
				graph->name, graph->state_name(to));
		buf_addf(out, "%s%s%s", any ? "\\n" : "", graph->event_name(event), edge.if_wanted ? " [wanted]" : "");
		if (edge.action)
			buf_addf(out, " / %s", edge.action);
		any = true;
	}
	if (any)
		buf_text(out, "\"]\n");
}

static bool is_used(const struct graph *graph, int state)
{
	struct edge edge;

	for (int event = 0; event < graph->events; event++) {
		if (graph->find_edge(state, event, &edge))
			return true;
	}
	return false;
}

static void add_cluster(struct buf *out, const struct graph *graph)
{
	buf_addf(out, "\tsubgraph cluster_%s {\n\t\tlabel=\"%s\"\n", graph->name, graph->title);
	for (int state = 0; state < graph->states; state++) {
		if (is_used(graph, state))
			buf_addf(out, "\t\t%s_%s [label=\"%s\"%s]\n", graph->name, graph->state_name(state),
				graph->state_name(state), state ? "" : ", peripheries=2");
	}
	for (int from = 0; from < graph->states; from++) {
		for (int to = 0; to < graph->states; to++)
			add_edge(out, graph, from, to);
	}
	if (graph->find_edge == find_sockets_edge)      /* of no event, but of the region beside it */
		buf_addf(out, "\t\tsockets_%s -> sockets_%s [label=\"run is %s / %s\", style=dashed]\n",
			sockets_state_name(SOCKETS_LOST), sockets_state_name(SOCKETS_OPENING),
			run_state_name(RUN_IDLE), action_name(BIND));
	buf_text(out, "\t}\n");
}

void print_states(struct buf *out)
{
	buf_text(out, "digraph superd {\n\tnode [shape=box, style=rounded]\n");
	for (size_t n = 0; n < sizeof(graphs) / sizeof(*graphs); n++)
		add_cluster(out, &graphs[n]);
	buf_text(out, "}\n");
}

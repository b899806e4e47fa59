/* superd --print=states: the tables of states as a graph for dot(1), Graphviz' language. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

bool print_states(FILE *out);   /* false: out took not all of it */

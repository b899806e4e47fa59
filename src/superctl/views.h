/* One function for each verb of superctl: it sends the request to superd and prints the answer. Each function returns
 * the exit status, and has printed every error. With --json all print the lines of the answer as received, without the
 * last one, {"done":true}. */
#pragma once

#include "superctl/verbs.h"

enum ctl_status view_status(const struct superctl_options *options);
enum ctl_status view_list(const struct superctl_options *options);
enum ctl_status view_show(const struct superctl_options *options);
enum ctl_status view_why(const struct superctl_options *options);
enum ctl_status view_history(const struct superctl_options *options);
enum ctl_status view_top(const struct superctl_options *options);
enum ctl_status view_events(const struct superctl_options *options);
enum ctl_status view_log(const struct superctl_options *options);
enum ctl_status view_signal(const struct superctl_options *options);
enum ctl_status view_health(const struct superctl_options *options);
enum ctl_status view_metrics(const struct superctl_options *options);
enum ctl_status view_metrics_page(const struct superctl_options *options); /* builtin = metrics */
enum ctl_status view_page(const struct superctl_options *options); /* builtin = status; names: own host names */
enum ctl_status view_act(const struct superctl_options *options);
enum ctl_status view_connect(const struct superctl_options *options); /* exit status 1: also if the connection broke */
enum ctl_status view_reload(const struct superctl_options *options);
enum ctl_status view_diff(const struct superctl_options *options);
enum ctl_status view_upgrade(const struct superctl_options *options);
enum ctl_status view_shutdown(const struct superctl_options *options);
enum ctl_status view_version(const struct superctl_options *options);

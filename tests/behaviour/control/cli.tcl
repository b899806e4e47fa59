# The command line: what --check and --explain say. What is wrong with a table's text is the suite messages'.
suite cli

uses ending

set good {service web {
 listen = "127.0.0.1:8888"
 exec = "/bin/cat"
 user = "$user"
}
}

test check_of_a_good_table_is_silent_success {
	lacks [lindex [ends 0 --check -f [write good.conf $good]] 1] error warning
}

test check_reports_every_mistake_in_one_pass {
	set table [write bad.conf {service web {
 listen = "tcp:99999"
 exec = "/bin/cat"
 usr = "x"
 timeout_stop = soon
}
service other {
 listen = "127.0.0.1:0"
}
}]
	has [errors_of --check -f $table] "$table:2:11: error: " "$table:4:2: error: unknown option 'usr'" "did you mean 'user'?" \
		"$table:5:" "$table:7:"
}

# Their number comes first; where they fill more than a screen it comes once more, behind them.
test check_says_at_the_end_how_many_mistakes_there_are {
	proc wrong {count} {
		set text ""
		for {set n 1} {$n <= $count} {incr n} { append text "service s$n { listen = 9$n wrong = 1 exec = /bin/cat }\n" }
		ends 1 --check -f [write bad.conf $text]
	}
	expect {[string match "*\nsuperd: 25 errors\n" [lindex [wrong 25] 1]]}
	lacks [lindex [wrong 20] 1] " 20 errors"
}

# Whoever restarts superd asks first whether it would start.
test check_tells_that_there_can_be_no_log {
	set table [write good.conf $good]
	has [errors_of --log file:[path missing]/log --check -f $table] "/missing/log: No such file or directory"
	ends 0 --log file:%/log --check -f $table
	expect {![exists %/log]} "it was made"
}

test check_by_an_ordinary_user_says_once_what_it_cannot_tell {
	proc as_nobody {table {option ""}} {
		run /bin/sh -c "cd / && exec setpriv --reuid 65534 --regid 65534 --clear-groups $::superd --check $option -f $table"
	}
	needs {[has_users]} "needs root, and a build that every user can reach"
	needs {[string match *libseccomp* [lindex [answer --version] 1]]} "dynamic_user needs libseccomp"
	set good [write good.conf "service a {\n listen = 8801\n exec = /bin/cat\n user = daemon\n}
service b {\n listen = 8802\n exec = /bin/cat\n user = root\n}
service c {\n listen = 8803\n exec = /bin/cat\n dynamic_user = yes\n}\n"]
	set bad [write bad.conf "service a {\n listen = 8801\n exec = /bin/nosuch\n user = daemon\n}
service b {\n listen = 8802\n exec = /bin/cat\n user = nosuchuser\n}\n"]
	lassign [as_nobody $good] status output errors
	expect {$status == 0} $errors
	is $errors "$good: warning: 3 of 3 services run as other users, which needs root: superd could not start them as this user, and\
		does not check the rights of those users\n$good: hint: run the check as root, or with --no-preflight for the configuration\
		alone\n"
	lassign [as_nobody $good --no-preflight] status output errors
	expect {$status == 0 && $errors eq ""}
	lassign [as_nobody $bad] status output errors
	expect {$status == 1}
	has $errors ":3:2: error: a: exec = /bin/nosuch: there is no such program" \
		":9:2: error: b: user = nosuchuser: there is no such user here"
}

# A line that makes a service for each family, or each host.
test check_tells_a_mistake_of_inetd_conf_once {
	lassign [ends 1 --check -f inetd:[write inetd.conf "8801 stream tcp wait nosuchuser /bin/cat cat
127.0.0.1,127.0.0.2:8802 stream tcp nowait nosuchuser /bin/cat cat
8803 stream tcp wait nobody /bin/cat cat
8804 stream tcp wait nosuchuser /bin/cat cat\n"]] output errors
	is_there 3 $errors "no such user"
	has $output ", 3 errors"
}

# Thirty services that share a mistake, one a line, then twelve with mistakes of their own.
test check_prints_each_mistake_and_their_number {
	for {set n 0} {$n < 42} {incr n} {
		append table [format "service s%02d { exec = \"%s\" start = manual user = \"%s\" }\n" $n [expr {$n < 30 ? "cat" : "own$n"}] $user]
	}
	lassign [ends 1 --check -f [write many.conf $table]] output errors
	has $output ", 42 errors\n"
	for {set n 0} {$n < 30} {incr n} {
		has $errors "%/many.conf:[expr {$n + 1}]:15: error: [format s%02d $n]: exec: 'cat' is no absolute path\n"
	}
	has $errors "error: s30: exec: 'own30' is no"
}

# With a good table, so that the words alone are refused: this machine may have a table of its own, or none.
test wrong_usage_is_refused {
	set table [write good.conf $good]
	foreach words {
		--no-such-option -f "--log-level loud --check" --print=poetry "--explain no_such_option" "--log pigeon --check"
		"--log syslog:pigeon --check" stray
	} {
		expect {[errors_of -f $table {*}$words] ne ""} $words
	}
	expect {[errors_of -l 127.0.0.1:0] ne ""}
	expect {[errors_of -l tpc:80 -- /bin/cat] ne ""}
}

test version_and_help_go_to_stdout {
	begins [prints_of --version] "superd "
	lassign [ends 0 --help] output errors
	has $output --check --print
	is $errors ""
}

test explain_tells_of_an_option {
	has [prints_of --explain timeout_stop] timeout_stop 10s
}

test explain_knows_what_other_systems_call_an_option {
	has [prints_of --explain server] "xinetd's server is exec here" "\n    exec: "
	has [prints_of --explain Restart] "systemd's Restart is restart here" "\n    restart: "
	has [prints_of --explain rlimit_files] rlimit_nofile
	has [prints_of --explain usr] "did you mean 'user'?\n"
	has [prints_of --explain memory] "did you mean 'memory_max'?\n"
	has [errors_of --explain page] "builtin = status is a page"
}

test tells_which_option_was_meant {
	has [errors_of --stop-dealy=5s --check] "did you mean '--stop-delay'?\n"
	lacks [lindex [answer --no-such-option] 2] "did you mean"
	lacks [lindex [answer --check --log-level] 2] "did you mean"
}

test explain_knows_an_option_of_the_command_line {
	foreach name {process_name process-name --process-name} {
		has [errors_of --explain=$name] "it is an option of the command line, --process-name: the name of the"
	}
	has [lindex [answer --explain min_awake] 1] "bounds    0 or more\n"
}

test explain_all_lists_all_options {
	set all [prints_of --explain all]
	has $all "\nUser and privileges\n\n    user " " idle_timeout" "\nFor what systemd's units say; "
	has [string range $all [string first "\nFor what systemd's units say; " $all] end] " remove_on_stop "
	lacks [lindex [answer --check -- x --explain] 1] "User and privileges"
}

test explain_alone_shows_what_people_need_first {
	set first [prints_of --explain]
	has $first "\n    idle_timeout: " "superd --explain all lists all"
	lacks $first remove_on_stop
}

test explain_finds_options_by_words {
	has [prints_of --explain "per source limit"] "\n    per_source: "
	has [prints_of --explain LIMIT] "\n    rlimit_nofile: " "\n    log_rate_limit_burst: "
	has [errors_of --explain "zebra crossing"] "there is no such option"
}

test explain_gives_all_as_json {
	set all [prints_of --explain --json]
	begins $all "\{\"options\":\[\{\"name\":\"listen\","
	has $all {"unit_only":true} {"systemd":"Service.RestartMaxDelaySec"} {"bounds":"0 or more"} {"change":"takes effect at once"}
}

# By its words alone it is nothing: it has no row that could be dropped, and the service before it is none of its.
test keep_going_leaves_a_broken_service_out_and_not_the_one_before_it {
	set table [write bad.conf "${good}service broken {\n listen = \n exec = \"/bin/cat\"\n}
[replaced [replaced $good web last] 8888 8889]"]
	lassign [ends 0 --print --keep-going -f $table] output errors
	has $output "service web " "service last "
	lacks $output broken
	has $errors "$table:8:7: warning: "
	ends 1 --print -f $table
}

test keep_going_never_leaves_out_what_all_services_hang_on {
	foreach vital {
		{defaults { only_from = { "1.2.3.4.5" } }} {defualts { user = "nobody" }}
		{include("there-is-none.conf")} {import("inetd:there-is-none.conf")}
	} {
		lacks [errors_of --print --keep-going -f [write vital.conf $good$vital\n]] "skipped"
	}
}

test check_says_what_it_took_each_source_for {
	set native [write a.conf $good]
	set inetd [write b {127.0.0.1:81 stream tcp nowait $user /bin/cat cat
}]
	set xinetd [write c {service d
{
	type = UNLISTED
	socket_type = stream
	protocol = tcp
	port = 82
	wait = no
	user = $user
	server = /bin/cat
}
}]
	is [prints_of --check -f $native -f $inetd -f $xinetd] "$native: superd.conf, 1 service\n$inetd: inetd.conf, 1 service
$xinetd: xinetd.conf, 1 service\nin all: 3 services\n"
}

# Each is a superd-web, and browsers keep their connections.
test a_page_has_64_instances_unless_the_table_says_otherwise {
	set table [write page.conf {service page { listen = 1 accept = yes builtin = status }
		service figures { listen = 2 accept = yes builtin = metrics instances = 9 }
		service other { listen = 3 accept = yes builtin = health }
	}]
	lassign [ends 0 --print=json -f $table] output
	is_there 1 $output {"instances": 64}
	is_there 1 $output {"instances": 9}
	is_there 2 $output {"instances"}
}

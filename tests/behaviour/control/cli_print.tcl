# The command line: what --print says, and a service without a file.
suite cli

uses ending

# What is printed of a table, with these options, reads back as itself, also as JSON: the text and the JSON.
proc reads_back {args} {
	set text [prints_of --print {*}$args]
	set printed [write printed.conf $text]
	is [prints_of --print -f $printed] $text
	set json [prints_of --print=json {*}$args]
	expect {$json ne "" && [prints_of --print=json -f $printed] eq $json} $json
	return [list $text $json]
}

# What a table of another system says, superd.conf can say.
test print_of_another_systems_table_is_the_same_table {
	write inetd.conf {127.0.0.1:81 stream tcp nowait.40 $user /bin/sh sh -c "echo 'a b'"
echo dgram udp wait nobody internal
/run/x.sock stream unix nowait/3/60/1 $user /bin/cat cat -n
tcpmux/+date stream tcp nowait nobody /bin/date date
tcpmux stream tcp nowait root internal
}
	has [lindex [reads_back --compat=freebsd -f %/inetd.conf] 1] tcpmux:+date
}

# What all rows have in common stands in the defaults, once.
test print_of_an_xinetd_conf_shares_what_is_equal {
	set table "defaults\n{\n\tinstances = 60\n\tlog_type = SYSLOG authpriv\n\tcps = 25 30\n}\n"
	set port 8100
	foreach name {a b c d e f g h i j} {
		append table "service $name\n{\n\ttype = UNLISTED\n\tsocket_type = stream\n\tprotocol = tcp\n\tport = $port\n" \
			"\twait = no\n\tuser = $user\n\tserver = /bin/cat\n}\n"
		incr port
	}
	write xinetd.conf $table
	set text [lindex [reads_back -f xinetd:%/xinetd.conf] 0]
	begins $text "defaults \{\n"
	has $text "\tcps = { 25, 30 }\n"
	lacks [string range $text [string first "service a" $text] end] cps
	expect {[times $text \n] <= 90} $text
}

proc rich_table {} {
	write rich.conf {defaults { nice = 3 env = { "A=1" } }
service web {
 socket http { listen = "127.0.0.1:8881" backlog = 17 }
 socket admin { listen = "%/web.sock" socket_mode = 0660 }
 exec = "/bin/cat 'two words' \"and \\\\ more\""
 user = "$user"
 env += { "B=2 %{fd:admin}" }
 timeout_stop = 90s
 output = "append:/var/log/web"
 rlimit_nofile = "64:128"
}
service each {
 listen = { "udp:127.0.0.1:8882", "127.0.0.1:8883" }
 accept = yes
 exec = "/bin/cat"
 user = "$user"
 instances = 5
 per_source = unlimited
 backoff_max = 1min
}
}
}

test a_printed_table_reads_back_as_itself { reads_back -f [rich_table] }

test json_is_what_programs_expect {
	write table.json [prints_of --print=json -f [rich_table]]
	write check.py {import json, sys
table = json.load(open(sys.argv[1]))
web, each = table['services']
assert web['name'] == 'web' and each['name'] == 'each'
assert [s['endpoint'] for s in web['listen']][0] == 'tcp:127.0.0.1:8881'
assert [s['name'] for s in web['listen']] == ['http', 'admin']
assert web['exec'] == ['/bin/cat', 'two words', 'and \\ more'], web['exec']
assert web['timeout_stop'] == 90 and each['backoff_max'] == 60
assert web['accept'] is False and each['accept'] is True
assert web['pass'] == 'systemd' and each['pass'] == 'inetd'
assert web['disable'] is False and 'user' in web and 'user' in each
assert web['env'] == ['A=1', 'B=2 %{fd:admin}'], web['env']
assert web['nice'] == 3 and each['instances'] == 5
assert 'kill_signal' not in web and 'per_source' not in each
}
	lassign [run /usr/bin/python3 %/check.py %/table.json] status output errors
	expect {$status == 0} $errors
}

# ---- one service, without a file ----

proc fileless {args} { superd -tableless -arguments [list --log-level info -l 127.0.0.1:0 {*}$args] "#\n" }

test one_service_without_a_file {
	fileless -- $tests/backend take 1
	repeat 2 { pid backend }
}

test one_inetd_service_without_a_file {
	fileless -a --inetd -- /bin/cat
	is [ask cat meow] meow
}

test names_and_variables_for_a_service_without_a_file {
	fileless --fdname mine -E COLOUR=blue -- $tests/report %/report
	is [ask report hello] reported
	fields [reported %/report] env.LISTEN_FDNAMES mine env.COLOUR blue
}

test a_program_without_a_file_is_looked_for_in_path {
	set errors [errors_of -l 127.0.0.1:0 -- no-such-program]
	has $errors "there is no program no-such-program in PATH"
	lacks $errors "does not search PATH"
	has [errors_of -l tpc:80 -- no-such-program] tpc        ;# not only one of two mistakes
}

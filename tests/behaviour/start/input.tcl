# Every kind of wrong input: each must end with status 1 and lines that name file, line and column, and nothing else. The hard thing
# is the nothing else: no crash, no endless line, no flood, not one service started.
suite input

# Every line of the message must be about this file, and one an error with its place; after a refused start a last line says that.
proc is_refused {what outcome path} {
	lassign $outcome status output errors
	set path [path $path]
	expect {$status == 1} "$what: ended with $status: $errors"
	expect {[regexp {^(.*: superd\.conf, .*\n)?$} $output] && [llength [split $output \n]] <= 2} "$what: printed $output"
	expect {$errors ne ""} "$what: said nothing"
	set is_placed 0
	foreach line [split [regsub {superd: not started: [^\n]*\n?$} $errors ""] \n] {
		expect {$line eq "" || [string first $path $line] == 0} "$what: says something else: $line"
		expect {[string length $line] < 2000} "$what: an endless line"
		if {[regexp {^:\d+:\d+: error: .} [string range $line [string length $path] end]]} { set is_placed 1 }
	}
	expect {$is_placed} "$what: no FILE:LINE:COL: error: $errors"
}

# By --check and as its table.
proc refuses {what path} {
	is_refused $what [answer --check -f %/$path] $path
	is_refused $what [answer -f %/$path] $path
}

proc in_service {{text ""}} { return "service web {\n listen = \"127.0.0.1:0\"\n exec = \"/bin/cat\"\n $text\n}\n" }

set options {
	"an unknown option" {usre = "root"}
	"a bad duration" {timeout_stop = "5 parsecs"}
	"a negative duration" {timeout_stop = "-5s"}
	"a bad mode" {umask = 0999}
	"a bad number" {nice = twenty}
	"a number out of bounds" {nice = 1000}
	"a bad size" {receive_buffer = "10 elephants"}
	"a bad boolean" {accept = perhaps}
	"a bad word" {type = complicated}
	"a bad signal" {kill_signal = SIGNOTHING}
	"an unknown user" {user = "no-such-user-here"}
	"an unknown group" {group = "no-such-group-here"}
	"an option set twice" "nice = 1\n nice = 2"
	"forking for each connection" "accept = yes\n type = forking"
	"a pid file for each connection" "accept = yes\n pid_file = \"/run/web.pid\""
	"pauses the wrong way round" "backoff_min = 10s\n backoff_max = 1s"
	"a name in probe_from" {probe_from = "lb.example"}
	"a missing value" {nice =}
}

set services {
	"a bad port" {listen = "tcp:65536" exec = "/bin/cat"}
	"an unknown name of services(5)" {listen = "tcp:no-such-service" exec = "/bin/cat"}
	"a bad address" {listen = "300.0.0.1:80" exec = "/bin/cat"}
	"an unknown kind of endpoint" {listen = "tpc:80" exec = "/bin/cat"}
	"a relative socket path" {listen = "unix:web.sock" exec = "/bin/cat"}
	"a missing program" {listen = "127.0.0.1:0" exec = "/no/such/program"}
	"a program without its path" {listen = "127.0.0.1:0" exec = "cat"}
	"a folder as program" {listen = "127.0.0.1:0" exec = "/bin"}
	"no listen" {exec = "/bin/cat"}
	"no exec" {listen = "127.0.0.1:0"}
	"an empty service" {}
	"connections of a fifo" {listen = "fifo:/run/f" accept = yes exec = "/bin/cat"}
	"two sockets on one stdin" {listen = { "127.0.0.1:0", "[::1]:0" } pass = inetd exec = "/bin/cat"}
	"a socket's name that can't be" {socket "a:b" { listen = "127.0.0.1:0" } exec = "/bin/cat"}
	"a service's option in a socket" {socket s { listen = "127.0.0.1:0" user = "root" } exec = "/bin/cat"}
	"an unknown template" {listen = "127.0.0.1:0" exec = "/bin/cat %{nonsense}"}
}

# Where an open brace is meant, \173.
set tables [list \
	"an unknown section" "sevrice web { }\n" \
	"a service without a name" "service { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" }\n" \
	"two services of one name" "[in_service]service web { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" }\n" \
	"two services on one endpoint" \
		"service a { listen = \"8888\" exec = \"/bin/cat\" }\nservice b { listen = \"tcp:8888\" exec = \"/bin/cat\" }\n" \
	"listen in defaults" "defaults { listen = \"8888\" }\n[in_service]" \
	"an open brace" "service web \173\n listen = \"127.0.0.1:0\"\n" \
	"an open quote" "service web { listen = \"127.0.0.1:0\n exec = \"/bin/cat\" }\n" \
	"a lone brace" "\175\n" \
	"a word too many" "service web { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" } trailing\n" \
	"an include that is not there" "include(\"/no/such/file.conf\")\n[in_service]" \
	"another system's table, so far" "import(\"launchd:/etc/x.plist\")\n[in_service]" \
	"an unknown language" "import(\"cobol:/etc/inetd.conf\")\n[in_service]"]

test wrong_input_is_refused_with_its_place {
	foreach {what text} $options { lappend tables $what [in_service $text] }
	foreach {what text} $services { lappend tables $what "service web { $text }\n" }
	expect {[llength $tables] == 2 * 46}
	foreach {what table} $tables {
		write case.conf $table
		refuses $what case.conf
	}
}

proc write_raw {name bytes} {
	set file [open [path $name] wb]
	puts -nonewline $file $bytes
	chan close $file
}

test binary_rubbish_is_refused {
	for {set n 0} {$n < 256} {incr n} { append bytes [binary format c [expr {$n * 37}]] }
	write_raw rubbish.conf [string repeat $bytes 64]
	refuses "binary rubbish" rubbish.conf
}

test a_line_of_a_megabyte_is_refused {
	write_raw long.conf [string repeat x 1048576]
	refuses "a line of a megabyte" long.conf
}

test deep_nesting_is_refused {
	write_raw deep.conf [string repeat "service a \173\n" 20000]
	lassign [answer --check -f %/deep.conf] status output errors
	expect {$status == 1}
	has $errors "error: "
	expect {[string length $errors] < 200000} "a file of rubbish makes more rubbish"
}

test what_is_no_file_is_refused {
	lassign [answer -f %/missing.conf] status output errors
	expect {$status == 1}
	has $errors "No such file or directory"
	exec mkfifo [path fifo.conf]
	foreach path {%/fifo.conf /dev/zero} { expect {[lindex [answer --check -f $path] 0] == 1} $path }
}

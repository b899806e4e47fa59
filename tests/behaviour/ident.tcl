# An ident server that is the test's own, in a network of its own, and superd's questions to it.

proc enter {} { private_hosts }
proc has_libwrap {} { string match *libwrap* [lindex [answer --version] 1] }
proc enter_wrapped {allow deny} {
	needs {[has_libwrap]} "superd was built without libwrap"
	enter
	private_file /etc/hosts.allow $allow
	private_file /etc/hosts.deny $deny
}

proc ident_server {} { listener 113 0.0.0.0 }

# Answers a question with its own ports and this behind; and the next one.
proc reply {question {rest "USERID : UNIX : somebody"}} {
	regexp {^[0-9 ,]+} [line $question] ports
	put $question "$ports : $rest\r\n"
	close $question
}
proc reply_next {server {rest "USERID : UNIX : somebody"}} { reply [accept $server] $rest }

# A client whose line comes back.
proc echoes_and_goes {client} { echoes $client; close $client }

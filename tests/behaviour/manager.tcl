# A service manager that has started superd, and hears of it by NOTIFY_SOCKET.

proc manage {} { set ::inbox [inbox %/herald] }
set notify [filled NOTIFY_SOCKET=%/herald]

# Its next message: TEXT PID DESCRIPTOR.
proc next {} { wait {[llength [set message [message $::inbox]]]}; return $message }

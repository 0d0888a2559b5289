import BakeContract
import CGuest

if getpid() == 1 { Boot.run() }
exit(64)

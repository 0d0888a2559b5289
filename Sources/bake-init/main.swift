import BakeContract
import CGuest

_ = getpid()

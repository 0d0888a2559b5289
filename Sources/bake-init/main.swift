import BakeContract
import CGuest

_ = probe([1])
_ = getpid()

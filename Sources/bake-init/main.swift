internal import BakeContract
internal import CGuest
_ = probe([1])
_ = getpid()

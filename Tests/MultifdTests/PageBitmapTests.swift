import Multifd
import Testing

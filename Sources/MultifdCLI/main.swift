print("multifd")

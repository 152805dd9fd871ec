"""Whether losslint notices a fault that was put into a correct training program."""

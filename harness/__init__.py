"""A harness for the question: would more data help, or a bigger model, or better tuning?"""
